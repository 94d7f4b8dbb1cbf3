package integration

import (
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
)

// recordVariable makes TestRecordHistories write the histories that
// workflows/replay_test.go replays.
const recordVariable = "AUDIENCESYNC_RECORD_HISTORIES"

// release names the workflow code whose histories are recorded, and is raised with each
// release (docs/changing-workflows.md). Histories of released code stay in the folder:
// new code must replay them.
const release = "v0"

// recordings is the folder of the recorded histories.
var recordings = filepath.Join("..", "..", "workflows", "testdata", "replay")

// recording records a shape of a run, unless the release has it: a history of other code
// in its place would hide that the code has changed.
func recording(t *testing.T, shape string, play func(*testing.T)) {
	t.Helper()
	t.Run(shape, func(t *testing.T) {
		t.Parallel()
		for _, file := range []string{fileOf(shape, 1, 1), fileOf(shape, 1, 2)} {
			if _, err := os.Stat(filepath.Join(recordings, file)); err == nil {
				t.Skipf("%s is there, and is never replaced", file)
			}
		}
		play(t)
	})
}

// fileOf names the file of one of the histories of a shape.
func fileOf(shape string, number, histories int) string {
	if histories > 1 {
		shape = fmt.Sprintf("%s-%d", shape, number)
	}
	return fmt.Sprintf("%s_%s.json.gz", release, shape)
}

// record plays a run to its end, whatever that is, and writes its histories.
func record(t *testing.T, w *world, name string, play func(*testing.T, *world) client.WorkflowRun) {
	t.Helper()
	run := play(t, w)
	id, first := run.GetID(), run.GetRunID()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	t.Log(run.Get(ctx, nil))
	require.NoError(t, ctx.Err(), "the run does not end")
	histories := w.histories(t, id, first)
	for i, history := range histories {
		anonymise(history)
		write(t, filepath.Join(recordings, fileOf(name, i+1, len(histories))), history)
	}
}

// anonymise takes out the name of the machine, which stands in the names of
// the queues that lead back to one worker. A replay does not look at them.
func anonymise(history *historypb.History) {
	for _, event := range history.GetEvents() {
		queue := event.GetWorkflowTaskScheduledEventAttributes().GetTaskQueue()
		if queue.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
			queue.Name = "worker"
		}
	}
}

// write writes a history as the temporal command line exports it.
func write(t *testing.T, path string, history *historypb.History) {
	t.Helper()
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(history)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	file, err := os.Create(path)
	require.NoError(t, err)
	packer := gzip.NewWriter(file)
	_, err = packer.Write(text)
	require.NoError(t, err)
	require.NoError(t, packer.Close())
	require.NoError(t, file.Close())
}
