package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhoJoinsARunIsToldInWhatItIsAnother(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.start(t, http.StatusUnprocessableEntity) // With --full.
	const joins = "A run of demo is going already; this command joins it and starts no second one.\n"
	same := o.tell(t, "run", o.file("sync.yaml"), "--full")
	require.Equal(t, exitWaiting, same.code)
	require.Contains(t, same.stderr, joins)
	require.NotContains(t, same.stderr, "That run")

	o.edit(t, "sync.yaml", "segment: seg-984", "segment: seg-000")
	other := o.tell(t, "run", o.file("sync.yaml"), "--recreate", "--expect", "7")
	require.Equal(t, exitWaiting, other.code)
	require.Contains(t, other.stderr, joins+
		"That run goes by another file, which differs in verification.segment (seg-000, was seg-984): run this one when it has ended.\n"+
		"That run was not started with this --recreate: run it again with it when it has ended.\n"+
		"That run was not started with this --expect: run it again with it when it has ended.\n")
}
