package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

// answer is the reply to a batch of "a", which is new, "b", which is known, and
// "c", which is refused.
func answer(t *testing.T, o simulator.BatchOptions, status int) string {
	t.Helper()
	w := start(t, simulator.Options{
		Charles: simulator.CharlesOptions{Batch: o},
		Faults:  simulator.Faults{Refuse: []faults.Refusal{{References: []string{"c"}, Code: "blocked", Message: "no"}}},
	})
	w.do("PUT", w.charles+single, contact("b"), http.StatusCreated, nil)
	return string(w.do("POST", w.charles+batch, contactsOf("a", "b", "c"), status, nil).body)
}

func TestTheResultsOfABatchHaveManyShapes(t *testing.T) {
	t.Parallel()
	const no = `"error":{"code":"blocked","message":"no"}`
	for want, o := range map[string]simulator.BatchOptions{
		`{"results":{"a":{"status":"created"},"b":{"status":"updated"},"c":{"status":"refused",` + no + `}}}`: {
			Items: simulator.ItemOptions{Key: "results", Shape: simulator.ItemsObject},
		},
		`[{"index":0,"status":201},{"index":1,"status":200},{"index":2,"status":422,` + no + `}]`: {
			Items: simulator.ItemOptions{Key: "array", Shape: simulator.ItemsByIndex, Status: simulator.StatusHTTP},
		},
		`{"data":{"batch":{"items":[
			{"external_reference_id":"a","result":{"ok":true}},{"external_reference_id":"b","result":{"ok":true}},
			{"external_reference_id":"c","result":{"ok":false},` + no + `}]}}}`: {
			Wrap: "data.batch", Items: simulator.ItemOptions{StatusKey: "result.ok", Status: simulator.StatusBoolean},
		},
		`{"data":{"created":1,"updated":1,"refused":1}}`: {Reply: simulator.ReplyCounts, Wrap: "data"},
	} {
		o.PartialStatus = http.StatusOK
		require.JSONEq(t, want, answer(t, o, http.StatusOK))
	}
}

func TestAReplyCanListTheRefusedContactsAlone(t *testing.T) {
	t.Parallel()
	for naming, name := range map[simulator.Naming]string{"": `"external_reference_id":"c"`, simulator.NameIndex: `"index":2`} {
		body := answer(t, simulator.BatchOptions{Reply: simulator.ReplyErrors, Names: naming}, http.StatusMultiStatus)
		var got struct{ Errors []object }
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		require.Len(t, got.Errors, 1)
		require.Equal(t, "blocked", got.Errors[0]["message_key"])
		require.Contains(t, body, name)
	}
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Batch: simulator.BatchOptions{Reply: simulator.ReplyErrors}}})
	require.JSONEq(t, `{"errors":[]}`, string(w.do("POST", w.charles+batch, contactsOf("a"), http.StatusOK, nil).body))
}

func TestResultsCanComeInAnyOrderWithStrangersAmongThem(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{
		Batch: simulator.BatchOptions{Items: simulator.ItemOptions{Shuffle: true, Strangers: 2}},
	}})
	sent := make([]string, 20)
	for i := range sent {
		sent[i] = fmt.Sprintf("+49151000000%02d", i)
	}
	var got struct {
		Items []struct {
			Reference string `json:"external_reference_id"`
		}
	}
	w.do("POST", w.charles+batch, contactsOf(sent...), http.StatusOK, &got)
	require.Len(t, got.Items, 22)
	var ours []string
	for _, item := range got.Items {
		if !strings.HasPrefix(item.Reference, "stranger-") {
			ours = append(ours, item.Reference)
		}
	}
	require.ElementsMatch(t, sent, ours)
	require.False(t, slices.Equal(sent, ours))
}

func TestACallThatIsRefusedCanNameTheContactsThatAreWhy(t *testing.T) {
	t.Parallel()
	body := object{"contacts": []object{
		contact("a"), with(contact("b"), "tags", []string{"ghost"}), contact("c"), with(contact("d"), "tags", []string{"ghost"}),
	}}
	type naming struct {
		Reference string `json:"external_reference_id"`
		Index     *int   `json:"index"`
		Key       string `json:"message_key"`
	}
	one, three := 1, 3
	for how, want := range map[simulator.Naming][]naming{
		simulator.NameReference: {{Reference: "b", Key: "tag_unknown"}, {Reference: "d", Key: "tag_unknown"}},
		simulator.NameIndex:     {{Index: &one, Key: "tag_unknown"}, {Index: &three, Key: "tag_unknown"}},
		simulator.NameNobody:    {{Key: "tag_unknown"}, {Key: "tag_unknown"}},
	} {
		for _, o := range []simulator.CharlesOptions{
			{UnknownTags: simulator.RefuseWholeCall, Batch: simulator.BatchOptions{Names: how}},
			{UnknownTags: simulator.RefuseContact, Batch: simulator.BatchOptions{Names: how, AllOrNothing: true}},
		} {
			w := start(t, simulator.Options{Charles: o})
			var got struct{ Errors []naming }
			w.do("POST", w.charles+batch, body, http.StatusUnprocessableEntity, &got)
			require.Equal(t, want, got.Errors)
			require.Zero(t, w.Stats().Contacts)
			require.Equal(t, simulator.Exception{Refused: 1, Code: "tag_unknown"}, w.Exceptions()["d"])
			require.NotContains(t, w.Exceptions(), "a")
		}
	}
}

func TestALongRefusalNamesAllOrTellsTen(t *testing.T) {
	t.Parallel()
	references := make([]string, 25)
	for i := range references {
		references[i] = fmt.Sprint("r", i)
	}
	for how, want := range map[simulator.Naming]int{simulator.NameReference: 25, simulator.NameNobody: 10} {
		w := start(t, simulator.Options{
			Charles: simulator.CharlesOptions{Batch: simulator.BatchOptions{AllOrNothing: true, Names: how}},
			Faults:  simulator.Faults{Refuse: []faults.Refusal{{Share: 1}}},
		})
		var got struct{ Errors []object }
		w.do("POST", w.charles+batch, contactsOf(references...), http.StatusUnprocessableEntity, &got)
		require.Len(t, got.Errors, want)
	}
}

func TestTransientRefusalsPassAfterSomeTries(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{
		Charles: simulator.CharlesOptions{Batch: simulator.BatchOptions{Items: simulator.ItemOptions{Status: simulator.StatusHTTP}}},
		Faults:  simulator.Faults{Refuse: []faults.Refusal{{References: []string{"b"}, Status: 429, Attempts: 2}, {References: []string{"c"}, Status: 500, Attempts: 1}}},
	})
	for _, want := range [][2]int{{429, 500}, {429, 201}, {201, 200}} {
		var got struct {
			Items []struct{ Status int }
		}
		body := w.try("POST", w.charles+batch, contactsOf("a", "b", "c")).body
		require.NoError(t, json.Unmarshal(body, &got))
		require.Equal(t, want, [2]int{got.Items[1].Status, got.Items[2].Status}, "%s", body)
	}
	require.Equal(t, simulator.Exception{Refused: 2, Code: "rate_limited"}, w.Exceptions()["b"])
	require.Equal(t, "temporarily_unavailable", w.Exceptions()["c"].Code)

	w = start(t, simulator.Options{Faults: simulator.Faults{Refuse: []faults.Refusal{{References: []string{"b"}, Status: 503, Attempts: 1}}}})
	w.do("PUT", w.charles+single, contact("b"), 503, nil)
	w.do("PUT", w.charles+single, contact("b"), http.StatusCreated, nil)
}

func TestContactsCanBeLostOrLeftOutOfTheReply(t *testing.T) {
	t.Parallel()
	plan := simulator.Faults{Seed: 2, Lose: []faults.Selection{{Share: 0.1}}, Hide: []faults.Selection{{References: []string{"r7", "r8"}, Attempts: 1}}}
	w := start(t, simulator.Options{Faults: plan})
	references, lost := make([]string, 200), int64(0)
	for i := range references {
		references[i] = fmt.Sprint("r", i)
		if plan.Loses(references[i]) {
			lost++
		}
	}
	require.Positive(t, lost)
	var got struct{ Items []object }
	w.do("POST", w.charles+batch, contactsOf(references...), http.StatusOK, &got)
	require.Len(t, got.Items, 198)
	for _, item := range got.Items {
		require.Equal(t, "created", item["status"], "a loss is not told")
	}
	stats := w.Stats()
	require.Equal(t, lost, stats.UpsertsLost)
	require.Equal(t, 200-lost, stats.Contacts)
	for _, reference := range references {
		_, known := w.Contact(reference)
		require.Equal(t, !plan.Loses(reference), known)
		require.Equal(t, plan.Loses(reference), w.Exceptions()[reference].Lost == 1)
	}
	require.Equal(t, 1, w.Exceptions()["r7"].Hidden)
	w.do("POST", w.charles+batch, contactsOf("r7"), http.StatusOK, &got)
	require.Len(t, got.Items, 1)
	w.do("GET", w.charles+"/_sim/exceptions", nil, http.StatusOK, nil)
}

func TestASingleContactCanBeAnsweredInOtherWays(t *testing.T) {
	t.Parallel()
	for reply, want := range map[simulator.SingleReply][2]int{
		simulator.SingleRecord: {201, 200}, simulator.SingleOK: {200, 200}, simulator.SingleAccepted: {202, 202}, simulator.SingleNone: {204, 204},
	} {
		w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Single: reply}})
		for _, status := range want {
			got := w.do("PUT", w.charles+single, contact("a"), status, nil)
			require.Equal(t, status > 201, len(got.body) == 0)
		}
		require.EqualValues(t, 1, w.Stats().Contacts)
	}
}

func TestBatchesThatAreTooLargeEmptyOrRepetitive(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{
		MaxBodyBytes: 1200, Batch: simulator.BatchOptions{MaxItems: 3, TooManyStatus: 400, EmptyStatus: 200},
	}})
	w.do("POST", w.charles+batch, contactsOf("a", "b", "c", "d"), http.StatusBadRequest, nil)
	w.do("POST", w.charles+batch, object{"contacts": []object{}}, http.StatusOK, nil)
	w.do("POST", w.charles+batch, contactsOf("a", "b", strings.Repeat("c", 1000)), http.StatusRequestEntityTooLarge, nil)
	w.do("PUT", w.charles+single, contact(strings.Repeat("c", 1200)), http.StatusRequestEntityTooLarge, nil)
	w.do("POST", w.charles+batch, contactsOf("a", "b", "c"), http.StatusOK, nil)

	twice := object{"contacts": []object{contact("a"), with(contact("a"), "first_name", "Ada"), contact("b")}}
	for what, want := range map[simulator.UnknownValues]struct {
		status    int
		firstName string
	}{
		"": {http.StatusOK, "Ada"}, simulator.RefuseContact: {http.StatusMultiStatus, "Zoë"}, simulator.RefuseWholeCall: {http.StatusUnprocessableEntity, ""},
	} {
		w = start(t, simulator.Options{Charles: simulator.CharlesOptions{Batch: simulator.BatchOptions{Duplicates: what}}})
		w.do("POST", w.charles+batch, twice, want.status, nil)
		stored, _ := w.Contact("a")
		require.Equal(t, want.firstName, stored.FirstName)
	}
}
