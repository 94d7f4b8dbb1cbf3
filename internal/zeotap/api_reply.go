package zeotap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// maxNameBytes bounds what a source calls things: it stands in every report.
const maxNameBytes = 255

// decodeAudience reads the reply to "which audience is this".
func decodeAudience(body []byte, id string) (audience.Audience, *audience.Size, error) {
	var reply struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Size *struct {
			Value *int64    `json:"value"`
			Basis string    `json:"basis"`
			AsOf  time.Time `json:"as_of"`
		} `json:"size"`
	}
	if err := decodeReply(body, &reply); err != nil {
		return audience.Audience{}, nil, err
	}
	if reply.ID != id {
		return audience.Audience{}, nil, replyError(`the answer is about another audience: its "id" is not the one that was asked for`)
	}
	found := audience.Audience{ID: reply.ID, Name: audience.Shorten(reply.Name, maxNameBytes)}
	if reply.Size == nil {
		return found, nil, nil
	}
	if reply.Size.Value == nil || *reply.Size.Value < 0 {
		return audience.Audience{}, nil, replyError(`"size.value" is missing or negative; leave "size" out when it is not known`)
	}
	return found, &audience.Size{Value: *reply.Size.Value, Basis: audience.Shorten(reply.Size.Basis, maxNameBytes), AsOf: reply.Size.AsOf}, nil
}

// decodeSnapshot reads the reply to the opening of a snapshot.
func decodeSnapshot(body []byte) (audience.Snapshot, error) {
	var reply struct {
		Snapshot string    `json:"snapshot"`
		Version  string    `json:"version"`
		AsOf     time.Time `json:"as_of"`
		Total    *int64    `json:"total"`
		Pinned   bool      `json:"pinned"`
	}
	if err := decodeReply(body, &reply); err != nil {
		return audience.Snapshot{}, err
	}
	switch {
	case reply.Snapshot == "":
		return audience.Snapshot{}, missing("snapshot")
	case reply.Version == "":
		return audience.Snapshot{}, missing("version")
	case reply.Total != nil && *reply.Total < 0:
		return audience.Snapshot{}, replyError(`"total" is negative; leave it out when it is not known`)
	}
	return audience.Snapshot{
		Token: reply.Snapshot, Version: reply.Version, AsOf: reply.AsOf, Total: reply.Total, Pinned: reply.Pinned,
	}, nil
}

// decodeReply reads a small reply. What the JSON package says about a mistake
// may hold a value, so only the name of the field is passed on.
func decodeReply(body []byte, reply any) error {
	err := json.Unmarshal(body, reply)
	var mismatch *json.UnmarshalTypeError
	var malformed *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mismatch) && mismatch.Field != "":
		return replyError(fmt.Sprintf("%q has the wrong type", mismatch.Field))
	case errors.As(err, &mismatch):
		return replyError("the answer is not a JSON object")
	case errors.As(err, &malformed):
		return replyError("the answer is not valid JSON")
	default:
		return replyError(`"as_of" is not a time in the form 2026-11-20T06:00:00Z`)
	}
}

// membersReply is one page as it came.
type membersReply struct {
	members []audience.Member
	version string
	// next is the next cursor; empty on the last page.
	next string
	last bool
}

// decodeMembers reads one page. flawedMember is the number of the member that
// is broken, counted from 1; 0 when the page as a whole is.
func decodeMembers(body []byte, names config.ZeotapNames) (reply membersReply, flawedMember int, err error) {
	if !utf8.Valid(body) {
		return reply, 0, replyError("the answer is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if token, err := decoder.Token(); err != nil {
		return reply, 0, pageFlaw(err)
	} else if token != json.Delim('{') {
		return reply, 0, replyError("the answer is not a JSON object")
	}
	seen := make(map[string]bool)
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return reply, 0, pageFlaw(err)
		}
		key, _ := token.(string)
		wanted := key == names.MembersKey || key == names.CursorKey || key == names.VersionKey
		if wanted && seen[key] {
			return reply, 0, replyError(fmt.Sprintf("%q is there twice", key))
		}
		seen[key] = seen[key] || wanted
		switch key {
		case names.MembersKey:
			reply.members, flawedMember, err = decodeArray(decoder, key)
		case names.CursorKey:
			reply.next, reply.last, err = decodeCursor(decoder, key)
		case names.VersionKey:
			err = decodeText(decoder, key, &reply.version)
		default:
			err = skipValue(decoder)
		}
		if err != nil {
			return reply, flawedMember, err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return reply, 0, pageFlaw(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return reply, 0, replyError("something follows the JSON object of the answer")
	}
	for _, key := range []string{names.MembersKey, names.CursorKey, names.VersionKey} {
		if !seen[key] {
			return reply, 0, missing(key)
		}
	}
	return reply, 0, nil
}

// decodeArray reads the members one by one.
func decodeArray(decoder *json.Decoder, key string) ([]audience.Member, int, error) {
	if token, err := decoder.Token(); err != nil {
		return nil, 0, pageFlaw(err)
	} else if token != json.Delim('[') {
		return nil, 0, replyError(fmt.Sprintf("%q is not an array", key))
	}
	var members []audience.Member
	for decoder.More() {
		var member audience.Member
		if err := decoder.Decode(&member); err != nil {
			return nil, len(members) + 1, pageFlaw(err)
		}
		if member == nil {
			return nil, len(members) + 1, errNotAnObject
		}
		members = append(members, member)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, len(members) + 1, pageFlaw(err)
	}
	return members, 0, nil
}

// decodeCursor reads the next cursor: text, or null on the last page. An empty
// text is neither.
func decodeCursor(decoder *json.Decoder, key string) (next string, last bool, err error) {
	var cursor *string
	if err := decoder.Decode(&cursor); err != nil {
		return "", false, valueFlaw(err, key, "text or null")
	}
	if cursor == nil {
		return "", true, nil
	}
	if *cursor == "" {
		return "", false, replyError(fmt.Sprintf("%q is an empty text; the last page says null", key))
	}
	return *cursor, false, nil
}

func decodeText(decoder *json.Decoder, key string, text *string) error {
	var value *string
	if err := decoder.Decode(&value); err != nil {
		return valueFlaw(err, key, "text")
	}
	if value == nil {
		return missing(key)
	}
	*text = *value
	return nil
}

func skipValue(decoder *json.Decoder) error {
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil {
		return pageFlaw(err)
	}
	return nil
}

const errNotAnObject = replyError("is not a JSON object")

// pageFlaw says what is wrong without the decoder's own text, which may quote.
func pageFlaw(err error) error {
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return replyError("the answer ends in the middle of its JSON: it was cut")
	case errors.As(err, &mismatch):
		return errNotAnObject
	default:
		return replyError("is not valid JSON")
	}
}

func valueFlaw(err error, key, want string) error {
	if _, mismatch := errors.AsType[*json.UnmarshalTypeError](err); mismatch {
		return replyError(fmt.Sprintf("%q is not %s", key, want))
	}
	return pageFlaw(err)
}

func missing(key string) error {
	return replyError(fmt.Sprintf("the answer has no %q: it was cut, or the endpoint uses another name (names of the connection)", key))
}

// pagePlace names a page, or a member on it, for errors.
func pagePlace(page int64, member int) string {
	if member == 0 {
		return "page " + humanize.Comma(page)
	}
	return fmt.Sprintf("page %s, member %s", humanize.Comma(page), humanize.Comma(int64(member)))
}
