package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"audiencesync/internal/config"
	"audiencesync/internal/credentials"
	"audiencesync/internal/firstsync"
)

// into asks a question and keeps the answer.
func (b *beginner) into(ctx context.Context, to *string, q question) error {
	answer, err := b.ask(ctx, q)
	if err == nil {
		*to = answer
	}
	return err
}

// whereTo settles which files are written, before anybody answers for nothing.
func (b *beginner) whereTo(ctx context.Context) error {
	if filepath.Clean(b.flags.writeConnections) == filepath.Clean(b.flags.writeSync) {
		return usage("--write-connections and --write-sync name the same file: the two are read by different programs")
	}
	for _, path := range []string{b.flags.writeConnections, b.flags.writeSync} {
		if folder := filepath.Dir(path); !isFolder(folder) {
			return usage("there is no folder %s to write %s in: make it first", folder, filepath.Base(path))
		}
		if isFolder(path) {
			return usage("%s is a folder: name the file to write", path)
		}
	}
	if b.existing = b.flags.connections != ""; !b.existing && isFile(b.flags.writeConnections) && !b.flags.force {
		use, err := b.ask(ctx, question{
			name: "use_existing", text: b.flags.writeConnections + " is there already. Use its connections, yes or no?", proposed: "yes", check: oneOf("yes", "no"),
		})
		switch {
		case err != nil:
			return err
		case use == "no":
			if err := b.askAnotherFile(ctx); err != nil {
				return err
			}
		default:
			b.flags.connections, b.existing = b.flags.writeConnections, true
		}
	}
	if !isFile(b.flags.writeSync) || b.flags.force {
		return nil
	}
	replace, err := b.ask(ctx, question{
		name: "overwrite", text: b.flags.writeSync + " is there already. Replace it, yes or no?", proposed: "no", check: oneOf("yes", "no"),
	})
	if err == nil && replace == "no" {
		return usage("%s is there already: name another file with --write-sync, or replace it with --force; nothing was written", b.flags.writeSync)
	}
	b.flags.force = b.flags.force || replace == "yes"
	return err
}

// askAnotherFile asks for a connections file to write beside the one that is there.
func (b *beginner) askAnotherFile(ctx context.Context) error {
	if _, given := b.given["write_connections"]; b.closed && !given {
		return usage("%s is there already: name another file with --write-connections, or replace it with --force; nothing was written", b.flags.writeConnections)
	}
	return b.into(ctx, &b.flags.writeConnections, question{
		name: "write_connections", text: "Name of another connections file, to be written", check: func(path string) (string, error) {
			switch {
			case isFile(path), isFolder(path):
				return "", fmt.Errorf("%s is there already; name one that is not", path)
			case !isFolder(filepath.Dir(path)):
				return "", fmt.Errorf("there is no folder %s to write it in", filepath.Dir(path))
			case filepath.Clean(path) == filepath.Clean(b.flags.writeSync):
				return "", fmt.Errorf("%s will be the sync file; name another one", path)
			}
			return path, nil
		},
	})
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// askConnections asks for the connections, or which of those that there are.
func (b *beginner) askConnections(ctx context.Context) error {
	if b.existing {
		return b.chooseConnections(ctx)
	}
	b.sync.Source, b.sync.Destination = firstsync.SourceName, firstsync.DestinationName
	// What is not asked yet is as it would be in a file that holds together.
	b.connections.Charles = firstsync.Charles{BaseURL: "acme", SourceType: "zeotap", Credential: "env:HELLO_CHARLES_API_KEY"}
	kind, err := b.ask(ctx, question{
		name: "source", text: `Zeotap: "export" (files that a destination drops) or "api" (an HTTP endpoint of your own)`, proposed: "export", check: oneOf("export", "api"),
	})
	if err != nil {
		return err
	}
	if kind == "api" {
		err = b.askAPI(ctx)
	} else {
		err = b.askExport(ctx)
	}
	if err != nil {
		return err
	}
	return b.askCharles(ctx)
}

// field is a check of one key by package config, after set has put the answer there.
func (b *beginner) field(set func(string), key string) func(string) (string, error) {
	return func(answer string) (string, error) {
		set(answer)
		return answer, b.connections.ProblemIn(key)
	}
}

func (b *beginner) askAPI(ctx context.Context) error {
	api := &firstsync.API{BaseURL: "https://cdp.example.com"}
	b.connections.API = api
	return b.askAll(ctx, []asked{
		{&api.BaseURL, question{
			name: "zeotap_base_url", text: "Zeotap: address of the endpoint, https://host",
			check: b.field(func(s string) { api.BaseURL = s }, "zeotap.base_url"),
		}},
		{&api.Credential, question{
			name: "zeotap_credential", text: "Zeotap: where its key is, env:NAME or file:PATH, or - for none", proposed: "env:ZEOTAP_API_KEY",
			check: optional(b.credential(ctx)),
		}},
	})
}

// asked is a question and where its answer goes.
type asked struct {
	to *string
	q  question
}

func (b *beginner) askAll(ctx context.Context, all []asked) error {
	for _, one := range all {
		if err := b.into(ctx, one.to, one.q); err != nil {
			return err
		}
	}
	return nil
}

func (b *beginner) askCharles(ctx context.Context) error {
	charles := &b.connections.Charles
	if err := b.askAll(ctx, []asked{
		{&charles.BaseURL, question{
			name: "charles_base_url", text: "Hello Charles: name of the workspace (acme in https://acme.hello-charles.com), or a whole address",
			check: b.field(func(s string) { charles.BaseURL = s }, "charles.base_url"),
		}},
		{&charles.Credential, question{
			name: "charles_credential", text: "Hello Charles: where the API key is, env:NAME or file:PATH", proposed: "env:HELLO_CHARLES_API_KEY", check: b.credential(ctx),
		}},
		{&charles.SourceType, question{
			name: "source_type", text: "Hello Charles: name of the sending system; with the reference it is the key of every contact, and never changes", proposed: "zeotap",
			check: b.field(func(s string) { charles.SourceType = s }, "charles.source_type"),
		}},
	}); err != nil {
		return err
	}
	send, err := b.ask(ctx, question{
		name: "send", text: `Hello Charles: "single" (documented, one contact a request) or "batch" (closed beta: you were told its path and shapes)`, proposed: "single", check: oneOf("single", "batch"),
	})
	if err != nil || send == "single" {
		return err
	}
	batch := firstsync.Batch{Method: "POST", Path: "/path", Envelope: "contacts", Reply: "items"}
	charles.Batch = &batch
	return b.askAll(ctx, []asked{
		{&batch.Path, question{
			name: "batch_path", text: "Batches: path of the call", check: b.field(func(s string) { batch.Path = s }, "charles.batch.path"),
		}},
		{&batch.Method, question{name: "batch_method", text: "Batches: PUT, POST or PATCH", proposed: "POST", check: oneOf("PUT", "POST", "PATCH")}},
		{&batch.Envelope, question{
			name: "batch_envelope", text: `Batches: key around the contacts, or "array" for a bare array`,
			about: `the body of a batch is {"contacts": [...]} with the key "contacts", or just [...]; you were told which (docs/hello-charles.md, Batches)`,
		}},
		{&batch.Reply, question{
			name: "batch_reply", text: "Batches: what the reply says, none, counts, items or errors",
			about: "none: a success takes all contacts; counts: how many were created, updated, refused; items: a result for each; errors: the refused ones (docs/hello-charles.md, What a reply can say)",
			check: oneOf(config.ReplyForm("").Choices()...),
		}},
	})
}

func checkReference(reference string) error {
	return firstsync.CheckCredential(reference, func(name string) bool { return os.Getenv(name) != "" })
}

// credential refuses a secret, and says where one is not to be found here.
func (b *beginner) credential(ctx context.Context) func(string) (string, error) {
	return func(reference string) (string, error) {
		if err := checkReference(reference); err != nil {
			return "", err
		}
		name, variable := strings.CutPrefix(reference, "env:")
		_, err := b.store().Lookup(ctx, reference)
		switch {
		case err == nil:
		case variable:
			if !slices.Contains(b.unset, name) {
				b.unset = append(b.unset, name)
			}
			b.say("  note: the environment variable %s is not set here, so what needs it cannot be read now; the file is right all the same if the worker has it", name)
		case errors.Is(err, credentials.ErrNoFile):
			b.say("  note: there is no such file here, seen from the folder of the connections file, so what needs it cannot be read now; the connections file is right all the same if the worker finds it there")
		default:
			b.say("  note: %v; what needs it cannot be read now", err)
		}
		return reference, nil
	}
}

// present is credential for one that has to be found here.
func (b *beginner) present(ctx context.Context) func(string) (string, error) {
	return func(reference string) (string, error) {
		if err := checkReference(reference); err != nil {
			return "", err
		}
		if _, err := b.store().Lookup(ctx, reference); err != nil {
			return "", fmt.Errorf("%w; name one that is here, or answer - to go on without", err)
		}
		return reference, nil
	}
}

// store finds credentials as a worker with this connections file does.
func (b *beginner) store() credentials.Store {
	return credentials.Store{Dir: filepath.Dir(b.connectionsPath()), Command: true}
}

func (b *beginner) connectionsPath() string {
	if b.existing {
		return b.flags.connections
	}
	return b.flags.writeConnections
}

// chooseConnections asks which connections of a file are meant.
func (b *beginner) chooseConnections(ctx context.Context) error {
	loaded, err := config.LoadConnections(b.flags.connections)
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	var sources, workspaces []string
	for _, name := range loaded.Names() {
		if _, err := loaded.Source(name); err == nil {
			sources = append(sources, name)
		}
		if _, err := loaded.Charles(name); err == nil {
			workspaces = append(workspaces, name)
		}
	}
	return b.askAll(ctx, []asked{
		{&b.sync.Source, question{
			name: "source_connection", text: "Connection of the Zeotap source" + among(sources), proposed: onlyOne(sources),
			check: func(name string) (string, error) {
				_, err := loaded.Source(name)
				return name, err
			},
		}},
		{&b.sync.Destination, question{
			name: "charles_connection", text: "Connection of the Hello Charles workspace" + among(workspaces), proposed: onlyOne(workspaces),
			check: func(name string) (string, error) {
				_, err := loaded.Charles(name)
				return name, err
			},
		}},
	})
}

func among(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s)", strings.Join(names, ", "))
}

func onlyOne(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return ""
}
