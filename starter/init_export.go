package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"audiencesync/internal/config"
	"audiencesync/internal/firstsync"
)

func (b *beginner) askExport(ctx context.Context) error {
	export := &firstsync.Export{URL: "drops", Pattern: "x", Format: "csv", Delimiter: ","}
	b.connections.Export = export
	if err := b.into(ctx, &export.URL, question{
		name: "zeotap_url", text: "Zeotap: folder or bucket of the files (PATH, s3://, gs://, azblob:// or sftp://user@host/path)",
		check: func(answer string) (string, error) {
			export.URL = answer
			if err := b.connections.ProblemIn("zeotap.url"); err != nil {
				return answer, err
			}
			folder, local := b.localFolder(answer)
			if !local || isFolder(folder) {
				return answer, nil
			}
			b.say("  there is no folder %s on this machine", folder)
			return answer, b.sure(ctx, "Keep it, because it will be there")
		},
	}); err != nil {
		return err
	}
	if export.IsSFTP() {
		if err := b.askSFTP(ctx, export); err != nil {
			return err
		}
	}
	drops := firstsync.LookLike(b.showFiles(export.URL))
	if err := b.into(ctx, &export.Pattern, question{
		name:     "zeotap_pattern",
		text:     `Zeotap: which files, a regular expression; {audience} is the audience id, (?P<set>...) what belongs together, as in ^{audience}/(?P<set>[^/]+)/part-[0-9]+\.csv\.gz$`,
		proposed: drops.Pattern, check: b.field(func(s string) { export.Pattern = s }, "zeotap.pattern"),
	}); err != nil {
		return err
	}
	if err := b.into(ctx, &export.Format, question{
		name: "zeotap_format", text: "Zeotap: format, csv, ndjson or json", proposed: formatOf(export.Pattern),
		check: oneOf(config.ExportFormat("").Choices()...),
	}); err != nil {
		return err
	}
	if export.Format == string(config.FormatCSV) {
		if err := b.into(ctx, &export.Delimiter, question{
			name: "zeotap_delimiter", text: "Zeotap: delimiter of the columns", proposed: ",",
			check: b.field(func(s string) { export.Delimiter = s }, "zeotap.delimiter"),
		}); err != nil {
			return err
		}
	}
	return b.into(ctx, &export.Marker, question{
		name: "zeotap_marker", text: "Zeotap: file that says that a set is complete, as in {audience}/{set}/_DONE, or - if there is none (a set is then complete when it has stood still for 10m)", proposed: orNone(drops.Marker),
		check: optional(b.field(func(s string) { export.Marker = s }, "zeotap.marker")),
	})
}

// formatOf reads the format off a pattern.
func formatOf(pattern string) string {
	for _, format := range []config.ExportFormat{config.FormatNDJSON, config.FormatJSON} {
		if strings.Contains(pattern, string(format)) {
			return string(format)
		}
	}
	return string(config.FormatCSV)
}

func (b *beginner) askSFTP(ctx context.Context, export *firstsync.Export) error {
	return b.askAll(ctx, []asked{
		{&export.PrivateKey, question{
			name: "sftp_private_key", text: "SFTP: where the private key is, env:NAME or file:PATH, or - to log in by password", proposed: noAnswer, check: optional(b.credential(ctx)),
		}},
		{&export.Password, question{
			name: "sftp_password", text: "SFTP: where the password is, env:NAME or file:PATH, or - for none", proposed: noAnswer,
			check: optional(b.credential(ctx)),
		}},
		{&export.HostKey, question{
			name: "sftp_host_key", text: "SFTP: the server's own public key, from its operator (ssh-ed25519 AAAA...)",
			check: func(answer string) (string, error) {
				export.HostKey = answer
				if export.PrivateKey == "" && export.Password == "" {
					return "", errors.New("neither sftp_private_key nor sftp_password was given: one of them is needed to log in; start again")
				}
				return answer, b.connections.ProblemIn("zeotap.sftp")
			},
		}},
	})
}

const (
	// mostShown bounds how many files of a folder are shown.
	mostShown = 5
	// mostFiles bounds how many are looked at for a pattern.
	mostFiles = 2000
)

// localFolder is the folder of an address on this machine, if it names one.
func (b *beginner) localFolder(address string) (folder string, local bool) {
	folder = strings.TrimPrefix(address, "file://")
	if strings.Contains(folder, "://") {
		return "", false
	}
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(filepath.Dir(b.flags.writeConnections), folder)
	}
	return folder, true
}

// showFiles shows a few files of a folder on this machine, and returns the names of those
// that are there.
func (b *beginner) showFiles(folder string) (names []string) {
	folder, local := b.localFolder(folder)
	if !local {
		return nil
	}
	_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if name, err := filepath.Rel(folder, path); err == nil {
			names = append(names, filepath.ToSlash(name))
		}
		if len(names) == mostFiles {
			return fs.SkipAll
		}
		return nil
	})
	if len(names) == 0 {
		b.say("  no files are there yet: %s", folder)
		return nil
	}
	shown := make([]string, min(len(names), mostShown))
	for i := range shown {
		shown[i] = printable(names[i], "")
	}
	b.say("  files there, for example: %s", strings.Join(shown, ", "))
	return names
}
