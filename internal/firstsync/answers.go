package firstsync

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Answers reads answers from YAML: the names of questions, each with a text, a number, a
// list, or keys with values ("zip_code: postcode"). Its errors hold no answer.
func Answers(raw []byte) (map[string]string, error) {
	file, err := parser.ParseBytes(raw, 0)
	if err != nil {
		return nil, errors.New("not readable as YAML; write one question a line, as in audience_id: 984")
	}
	answers := map[string]string{}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.NullType {
			continue
		}
		entries, ok := entriesOf(doc.Body)
		if !ok {
			return nil, errors.New("expected the names of questions, each with its answer, as in audience_id: 984")
		}
		for _, entry := range entries {
			name := entry.Key.GetToken().Value
			answer, err := answerIn(entry.Value)
			if err != nil {
				return nil, fmt.Errorf("line %d: %s: %w", entry.Key.GetToken().Position.Line, name, err)
			}
			answers[name] = answer
		}
	}
	return answers, nil
}

// answerIn writes a value as a person would on the terminal.
func answerIn(node ast.Node) (string, error) {
	if entries, ok := entriesOf(node); ok {
		pairs := make([]string, len(entries))
		for i, entry := range entries {
			value, err := wordIn(entry.Value)
			if err != nil {
				return "", err
			}
			pairs[i] = entry.Key.GetToken().Value + "=" + value
		}
		return strings.Join(pairs, ", "), nil
	}
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		return wordIn(node)
	}
	words := make([]string, len(sequence.Values))
	for i, value := range sequence.Values {
		word, err := wordIn(value)
		if err != nil {
			return "", err
		}
		words[i] = word
	}
	return strings.Join(words, ", "), nil
}

func wordIn(node ast.Node) (string, error) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.BoolNode:
		if n.Value {
			return "yes", nil
		}
		return "no", nil
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, nil
	default:
		return "", errors.New("expected a text, a number, a list, or keys with values")
	}
}

func entriesOf(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	default:
		return nil, false
	}
}
