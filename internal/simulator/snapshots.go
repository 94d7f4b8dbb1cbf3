package simulator

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// snapshots makes and reads the tokens of snapshots and the cursors in them.
// Both carry all that they mean, with a check sum, so that nothing is stored
// and a restarted simulator still knows them.
type snapshots struct {
	// content is the version of the audience; tokens of another are unknown.
	content string
}

// token is a snapshot that was opened at the time.
func (s snapshots) token(at time.Time) string {
	issued := strconv.FormatInt(at.UnixMilli(), 36)
	return issued + "-" + strconv.FormatUint(s.sum(issued), 36)
}

// opened returns when the snapshot was opened.
func (s snapshots) opened(token string) (time.Time, bool) {
	issued, sum, _ := strings.Cut(token, "-")
	millis, err := strconv.ParseInt(issued, 36, 64)
	if err != nil || sum != strconv.FormatUint(s.sum(issued), 36) {
		return time.Time{}, false
	}
	return time.UnixMilli(millis), true
}

// position is where a page starts.
type position struct {
	// member is the index of the first member.
	member int64
	// empty is a page without members that comes before it.
	empty bool
	// again is how often pages have come again on the way here.
	again int64
}

func (s snapshots) cursor(token string, p position) string {
	b := p.bytes()
	b = binary.BigEndian.AppendUint64(b, s.sum(token+string(b)))
	return base64.RawURLEncoding.EncodeToString(b)
}

// position returns where the cursor points; the empty cursor is the beginning.
func (s snapshots) position(token, cursor string) (position, error) {
	if cursor == "" {
		return position{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) != positionBytes+8 {
		return position{}, fmt.Errorf("the cursor is not one of ours")
	}
	if binary.BigEndian.Uint64(b[positionBytes:]) != s.sum(token+string(b[:positionBytes])) {
		return position{}, fmt.Errorf("the cursor belongs to another snapshot")
	}
	member := int64(binary.BigEndian.Uint64(b))    //nolint:gosec // the check sum says that it was one of ours
	again := int64(binary.BigEndian.Uint64(b[8:])) //nolint:gosec // likewise
	return position{member: member, again: again, empty: b[16] == 1}, nil
}

// positionBytes is the length of a position.
const positionBytes = 17

func (p position) bytes() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.member)) //nolint:gosec // an index is never negative
	b = binary.BigEndian.AppendUint64(b, uint64(p.again))     //nolint:gosec // nor is a number
	if p.empty {
		return append(b, 1)
	}
	return append(b, 0)
}

func (s snapshots) sum(of string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.content + "\n" + of))
	return h.Sum64()
}
