package main

import (
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"
)

// comments are the doc comments of the package config by "Type.Field".
type comments map[string]string

func readComments(root string) (comments, error) {
	folder := filepath.Join(root, "internal", "config")
	reader := jsonschema.Reflector{}
	if err := reader.AddGoComments("", folder, jsonschema.WithFullComment()); err != nil {
		return nil, fmt.Errorf("read comments of %s: %w", folder, err)
	}
	found := comments{}
	prefix := filepath.ToSlash(folder) + "."
	for name, text := range reader.CommentMap {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			found[short] = strings.Join(strings.Fields(text), " ")
		}
	}
	return found, nil
}

var word = regexp.MustCompile(`[A-Za-z]+`)

// of returns the comment of a field in the words of the file: "BaseURL is ..."
// becomes "base_url is ...".
func (c comments) of(structure reflect.Type, field string) string {
	if field == "" {
		return ""
	}
	keys := map[string]string{}
	for f := range structure.Fields() {
		keys[f.Name] = f.Tag.Get("yaml")
	}
	return word.ReplaceAllStringFunc(c[structure.Name()+"."+field], func(found string) string {
		if key, ok := keys[found]; ok {
			return key
		}
		return found
	})
}
