package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// LoadConnections reads a connections file. Relative folders and
// known_hosts files of export connections start at its folder. An error of the content is of type Problems.
func LoadConnections(path string) (Connections, error) {
	raw, err := readFile(path)
	if err != nil {
		return Connections{}, fmt.Errorf("connections file: %w", err)
	}
	return ConnectionsAt(path, raw)
}

// ConnectionsAt is ParseConnections for content that will stand at a path: relative
// folders start there.
func ConnectionsAt(path string, raw []byte) (Connections, error) {
	connections, err := ParseConnections(path, raw)
	if err != nil {
		return Connections{}, err
	}
	return connections, connections.startAt(filepath.Dir(path))
}

// startAt lets relative folders and known_hosts files start at a folder.
func (c Connections) startAt(folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return fmt.Errorf("folder of the connections file: %w", err)
	}
	for name, export := range c.ZeotapExport {
		if isFolderPath(export.URL) && !filepath.IsAbs(export.URL) {
			export.URL = filepath.Join(folder, export.URL)
		}
		if known := export.SFTP.KnownHosts; known != "" && !filepath.IsAbs(known) {
			export.SFTP.KnownHosts = filepath.Join(folder, known)
		}
		c.ZeotapExport[name] = export
	}
	return nil
}

// ParseConnections reads the content of a connections file, fills defaults and
// checks it. The error is of type Problems: all that is wrong, with the name as
// the file.
func ParseConnections(name string, raw []byte) (Connections, error) {
	r := newReport(name)
	connections := Connections{
		ZeotapAPI:    map[string]ZeotapAPI{},
		ZeotapExport: map[string]ZeotapExport{},
		HelloCharles: map[string]HelloCharles{},
		Webhooks:     map[string]Webhook{},
	}
	if body := r.document(raw, "examples/connections.yaml"); body != nil {
		connections.read(r, body)
	}
	if err := r.err(); err != nil {
		return Connections{}, err
	}
	return connections, nil
}

const connectionsKey = "connections"

// read finds the one key of the file and the connections below it.
func (c Connections) read(r *report, body ast.Node) {
	entries, _ := entriesOf(body)
	var found ast.Node
	for _, entry := range entries {
		key, ok := keyOf(entry)
		switch {
		case !ok:
		case key == connectionsKey && found == nil:
			found = entry.Value
			r.found(key, entry.Key, entry.Value)
		default:
			r.found(join("", key), entry.Key, entry.Value)
			r.refuseKey(join("", key), `unknown key; expected "connections" and the names of connections below it`)
		}
	}
	if found == nil {
		r.missing(connectionsKey, "missing; expected the names of connections below it")
		return
	}
	named, ok := entriesOf(found)
	if !ok || len(named) == 0 {
		r.refuse(connectionsKey, "expected at least one connection: a name, and its kind and settings below it")
		return
	}
	seen := map[string]bool{}
	for _, entry := range named {
		if name, ok := keyOf(entry); ok && !seen[name] {
			seen[name] = true
			c.readOne(r, name, entry)
		}
	}
}

// readOne reads one connection into the map of its kind.
func (c Connections) readOne(r *report, name string, entry *ast.MappingValueNode) {
	path := join(connectionsKey, name)
	r.found(path, entry.Key, entry.Value)
	if !namePattern.MatchString(name) {
		r.refuseKey(path, "expected a name of lower-case letters, digits and dashes, at most 64, that starts with a letter or digit")
	}
	settings, ok := entriesOf(entry.Value)
	if !ok {
		r.refuse(path, "expected a kind and settings below the name, found %s", describe(entry.Value))
		return
	}
	d := decoder{report: r}
	switch kind := d.kind(path, settings); kind {
	case KindZeotapAPI:
		connection := DefaultZeotapAPI()
		d.connection(path, kind, entry.Value, &connection)
		checkZeotapAPI(r, path, &connection)
		c.ZeotapAPI[name] = connection
	case KindZeotapExport:
		connection := DefaultZeotapExport()
		d.connection(path, kind, entry.Value, &connection)
		checkZeotapExport(r, path, &connection)
		c.ZeotapExport[name] = connection
	case KindHelloCharles:
		connection := DefaultHelloCharles()
		d.connection(path, kind, entry.Value, &connection)
		checkHelloCharles(r, path, &connection)
		c.HelloCharles[name] = connection
	case KindWebhook:
		connection := DefaultWebhook()
		d.connection(path, kind, entry.Value, &connection)
		checkWebhook(r, path, &connection)
		c.Webhooks[name] = connection
	}
}

// kind reads the key that says which settings a connection has.
func (d decoder) kind(path string, settings []*ast.MappingValueNode) Kind {
	path += ".kind"
	for _, entry := range settings {
		if key, ok := keyOf(entry); ok && key == "kind" {
			var kind Kind
			d.found(path, entry.Key, entry.Value)
			d.value(path, entry.Value, reflect.ValueOf(&kind).Elem(), rules{choices: kind.Choices()})
			return kind
		}
	}
	d.missing(path, "missing; expected "+oneOf(Kind("").Choices()))
	return ""
}

func (d decoder) connection(path string, kind Kind, node ast.Node, into any) {
	target := reflect.ValueOf(into).Elem()
	d.explain = func(key string, structure reflect.Type) string {
		return explainConnectionKey(key, kind, target.Type(), structure)
	}
	d.structure(path, node, target, "kind")
}

func explainConnectionKey(key string, kind Kind, root, structure reflect.Type) string {
	if root == structure {
		// Whoever writes a secret elsewhere means the credential.
		if owners := kindsWith(key, kind); owners != "" && (owners != string(KindWebhook) || !credentialWord.MatchString(key)) {
			return fmt.Sprintf("this connection is of kind %s, the key belongs to %s", kind, owners)
		}
	}
	if near, ok := Nearest(key, names(structure)); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if uncheckedWord.MatchString(key) {
		return "the certificate of a server is always checked; if an authority of its own has signed it, name that: tls: {ca: file:PATH}"
	}
	if credentialWord.MatchString(key) && kind == KindWebhook {
		return "write where the URL and the secret are, never themselves: url: env:NAME, secret: env:NAME"
	}
	if credentialWord.MatchString(key) {
		return "write where the credential is, never the credential itself: credential: env:NAME or credential: file:PATH"
	}
	return explainElsewhere(key, root, structure, "directly below the name of the connection")
}

// kindsWith names the other kinds that know a key.
func kindsWith(key string, except Kind) string {
	var owners []string
	for _, kind := range []struct {
		name      Kind
		structure reflect.Type
	}{
		{KindZeotapAPI, reflect.TypeFor[ZeotapAPI]()},
		{KindZeotapExport, reflect.TypeFor[ZeotapExport]()},
		{KindHelloCharles, reflect.TypeFor[HelloCharles]()},
		{KindWebhook, reflect.TypeFor[Webhook]()},
	} {
		if kind.name != except && slices.Contains(names(kind.structure), key) {
			owners = append(owners, string(kind.name))
		}
	}
	return strings.Join(owners, " and ")
}
