package activities

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

func TestAPageIsReadWhileItsOwnerDoesSomethingElse(t *testing.T) {
	t.Parallel()
	asked, answered := make(chan audience.Cursor), make(chan pageRead)
	pages := readAhead{read: func(at audience.Cursor) (ledger.PageInput, error) {
		asked <- at
		page := <-answered
		return page.input, page.err
	}}
	require.False(t, pages.started())
	pages.wait()

	pages.start("here")
	require.Equal(t, audience.Cursor("here"), <-asked)
	require.True(t, pages.started())
	answered <- pageRead{input: ledger.PageInput{Next: "there"}}
	input, err := pages.take()
	require.NoError(t, err)
	require.Equal(t, audience.Cursor("there"), input.Next)
	require.False(t, pages.started())

	pages.start("there")
	require.Equal(t, audience.Cursor("there"), <-asked)
	broken := errors.New("the page is broken")
	answered <- pageRead{err: broken}
	_, err = pages.take()
	require.ErrorIs(t, err, broken)
}

func TestAReaderIsNotGivenBackWhileItReads(t *testing.T) {
	t.Parallel()
	goOn, read := make(chan struct{}), false
	pages := readAhead{read: func(audience.Cursor) (ledger.PageInput, error) {
		<-goOn
		read = true
		return ledger.PageInput{}, nil
	}}
	pages.start("")
	close(goOn)
	pages.wait()
	require.True(t, read)
	require.False(t, pages.started())
}
