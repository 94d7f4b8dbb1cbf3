package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// person answers on a terminal.
func person(lines string, given map[string]string) (*asker, *bytes.Buffer) {
	var out bytes.Buffer
	return &asker{given: given, used: map[string]bool{}, lines: bufio.NewReader(strings.NewReader(lines)), person: true, out: &out}, &out
}

// region is a question with a proposal and a wrong answer.
var region = question{name: "region", text: "Region", proposed: "DE", check: func(answer string) (string, error) {
	if answer == "UK" {
		return "", errors.New("did you mean GB?")
	}
	return answer, nil
}}

func TestAPersonIsToldWhatIsWrongAndAskedAgain(t *testing.T) {
	t.Parallel()
	asks, out := person("UK\n GB \n", nil)
	answer, err := asks.ask(t.Context(), region)
	require.NoError(t, err)
	require.Equal(t, "GB", answer)
	require.Equal(t, "Region [DE]:   did you mean GB?\nRegion [DE]: ", out.String())
}

func TestAnEmptyLineTakesTheProposal(t *testing.T) {
	t.Parallel()
	asks, _ := person("\n", nil)
	answer, err := asks.ask(t.Context(), region)
	require.NoError(t, err)
	require.Equal(t, "DE", answer)
}

func TestAPersonIsAskedWhereTheGivenAnswerIsWrong(t *testing.T) {
	t.Parallel()
	asks, out := person("AT\n", map[string]string{"region": "UK"})
	answer, err := asks.ask(t.Context(), region)
	require.NoError(t, err)
	require.Equal(t, "AT", answer)
	require.Contains(t, out.String(), "the answer that was given: did you mean GB?")
}

func TestAPersonWhoStopsAnsweringEndsIt(t *testing.T) {
	t.Parallel()
	asks, _ := person("", nil)
	_, err := asks.ask(t.Context(), region)
	coded, ok := errors.AsType[*exitError](err)
	require.True(t, ok)
	require.Equal(t, exitInterrupted, coded.code)
}

func TestWhoIsInterruptedIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	in, out := bufio.NewReader(never{t.Context().Done()}), &bytes.Buffer{}
	asks := &asker{used: map[string]bool{}, lines: in, person: true, out: out}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := asks.ask(ctx, region)
	require.ErrorContains(t, err, "interrupted; no file was written")
}

// never is a terminal at which nobody types until the test has ended.
type never struct{ ended <-chan struct{} }

// Read implements io.Reader.
func (n never) Read([]byte) (int, error) {
	<-n.ended
	return 0, io.EOF
}
