package firstsync_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/firstsync"
	"audiencesync/internal/hellocharles"
)

// property is one that can be written, of a kind of input.
func property(name, input string, options ...string) hellocharles.Property {
	return hellocharles.Property{Name: name, Input: input, Writable: true, Options: options}
}

func propose(members []audience.Member, properties ...hellocharles.Property) firstsync.Proposal {
	return firstsync.Propose(firstsync.Look(members), firstsync.Workspace{Properties: properties}, "zeotap_audience_984")
}

func TestTheUsualFieldsAreProposed(t *testing.T) {
	t.Parallel()
	got := propose(crowd(50, usual), property("city", "textinput"), property("points", "numberinput"), property("Born", "date"), property("zeotap_audience_984", "textinput"))
	require.Equal(t, firstsync.Proposal{
		Reference: "phone", FirstName: "first_name", LastName: "last_name", Email: "email", Consent: "consent.whatsapp",
		Properties: map[string]config.PropertySource{
			"city":   {Type: config.PropertyString, Origin: config.Origin{From: "city"}},
			"points": {Type: config.PropertyNumber, Origin: config.Origin{From: "points"}},
			"Born":   {Type: config.PropertyDate, Origin: config.Origin{From: "born"}},
		},
	}, got)
}

func TestNothingIsProposedFromNobody(t *testing.T) {
	t.Parallel()
	require.Equal(t, firstsync.Proposal{Properties: map[string]config.PropertySource{}}, propose(nil, property("city", "textinput")))
}

func TestAReferenceIsProposedOnlyFromPhoneNumbers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		member func(i int) audience.Member
		field  string
	}{
		"no phone field": {func(i int) audience.Member { return audience.Member{"id": fmt.Sprint(i), "email": "a@example.com"} }, ""},
		"hashes":         {func(int) audience.Member { return audience.Member{"phone": "5f4dcc3b5aa765d61d8327deb882cf99"} }, ""},
		"text in phone":  {func(int) audience.Member { return audience.Member{"phone": "ask her"} }, ""},
		"another name":   {func(int) audience.Member { return audience.Member{"kontakt": "+4915123456789"} }, "kontakt"},
		"called phone": {func(int) audience.Member {
			return audience.Member{"fax": "+4930123456", "mobile_phone": "+4915123456789"}
		}, "mobile_phone"},
		"inside an object":     {func(int) audience.Member { return audience.Member{"c": map[string]any{"msisdn": "+4915123456789"}} }, "c.msisdn"},
		"the fuller one":       {func(i int) audience.Member { return filled(i%10 == 0, "phone_a", "phone_b") }, "phone_b"},
		"digits, called phone": {digitsOr, "phone"},
	} {
		require.Equal(t, test.field, propose(crowd(40, test.member)).Reference, name)
	}
}

// filled has the second number, and the first where it is said.
func filled(both bool, first, second string) audience.Member {
	member := audience.Member{second: "+4915123456789"}
	if both {
		member[first] = "+4915123456780"
	}
	return member
}

// digitsOr writes the country code without a plus but for one member of four.
func digitsOr(i int) audience.Member {
	if i%4 == 0 {
		return audience.Member{"phone": "+4915123456789", "points": "4915123456789"}
	}
	return audience.Member{"phone": "4915123456789", "points": "4915123456789"}
}

func TestARegionIsNeededOnlyWhereItMakesNumbers(t *testing.T) {
	t.Parallel()
	abroad := func(int) audience.Member { return audience.Member{"phone": "+4915123456789"} }
	require.False(t, firstsync.Look(crowd(9, abroad)).NeedsRegion("phone"))
	home := func(i int) audience.Member {
		return audience.Member{"phone": []string{"+4915123456789", "0151 23456789"}[i%2]}
	}
	require.True(t, firstsync.Look(crowd(9, home)).NeedsRegion("phone"))
}

func TestWhatDoesNotFitIsLeftOutAndSaid(t *testing.T) {
	t.Parallel()
	member := func(i int) audience.Member {
		return audience.Member{
			"points": "many", "size": []string{"S", "M", "XXL"}[i%3], "tier": []string{"gold", "silver"}[i%2],
			"born": fmt.Sprintf("%02d/%02d/1990", 1+i%12, 1+i%12), "since": fmt.Sprintf("%02d/01/1990", 1+i%28),
			"birth_date": "1990-01-31", "price": "12,5", "interests": "a|b", "secret": "x", "range": "1-2",
		}
	}
	readOnly := property("secret", "textinput")
	readOnly.Writable = false
	got := propose(crowd(60, member),
		property("points", "numberinput"), property("size", "select", "S", "M", "L"), property("tier", "radio", "gold", "silver"),
		property("born", "date"), property("since", "date"), property("birth_day", "date"), property("price", "numberinput"),
		property("interests", "multiselect", "a", "b"), readOnly, property("range", "daterange"), property("nobody_has_this", "textinput"))
	require.Equal(t, map[string]config.PropertySource{
		"tier":      {Type: config.PropertySelect, Origin: config.Origin{From: "tier"}},
		"since":     {Type: config.PropertyDate, Origin: config.Origin{From: "since"}, Format: "DD/MM/YYYY"},
		"price":     {Type: config.PropertyNumber, Origin: config.Origin{From: "price"}, DecimalComma: true},
		"interests": {Type: config.PropertyMultiselect, ListField: config.ListField{List: "interests", Separator: "|"}},
	}, got.Properties)
	remarks := map[string]string{}
	for _, remark := range got.Remarks {
		remarks[remark.Property+" <- "+remark.Field] = remark.Why
	}
	require.Equal(t, map[string]string{
		"points <- points":        "0 of 60 values fit type number",
		"size <- size":            "40 of 60 values fit type select and its options",
		"born <- born":            "day and month may be either way round: say which by format",
		"birth_day <- birth_date": "the names differ",
		"range <- range":          `no mapping makes a value for its field "daterange"`,
	}, remarks)
}

func TestTheMarkerIsATextThatExistsOrAName(t *testing.T) {
	t.Parallel()
	exists := func(properties ...hellocharles.Property) firstsync.Workspace {
		return firstsync.Workspace{Properties: properties}
	}
	require.Equal(t, "Zeotap_Audience_984", firstsync.Marker("984", exists(property("Zeotap_Audience_984", "textinput"))))
	require.Equal(t, "zeotap_audience_984", firstsync.Marker("984", exists(property("Zeotap_Audience_984", "numberinput"))))
	require.Equal(t, "zeotap_audience_984", firstsync.Marker("984", firstsync.Workspace{}))
	require.Equal(t, "zeotap_audience_a_b", firstsync.Marker(" a/b ", firstsync.Workspace{}))
}

func TestASyncIsCalledAfterItsAudience(t *testing.T) {
	t.Parallel()
	require.Equal(t, "spring-campaign-2026", firstsync.SyncName("Spring campaign (2026)", "984"))
	require.Equal(t, "audience-984", firstsync.SyncName("", "984"))
	require.Equal(t, "audience-a-b", firstsync.SyncName("春", "A/b"))
}

func TestACredentialIsAPlaceAndNoSecret(t *testing.T) {
	t.Parallel()
	isSet := func(variable string) bool { return variable == "A1_name_as_long_as_a_secret_is" }
	for reference, good := range map[string]bool{
		"env:HELLO_CHARLES_API_KEY": true, "file:keys/charles-2026-production-key1": true, "file:charles.key": true,
		"env:A1_name_as_long_as_a_secret_is": true,
		"demo-key":                           false, "env:": false, "env:sk_live_51HqLyjWDarjtT1zdp7dc": false, "file:sk_live_51HqLyjWDarjtT1zdp7dc": false,
	} {
		err := firstsync.CheckCredential(reference, isSet)
		require.Equal(t, good, err == nil, reference)
		if err != nil {
			require.NotContains(t, err.Error(), "51HqLy")
			require.NotContains(t, err.Error(), "demo-key")
		}
	}
}

func TestAnswersAreReadAsAPersonWouldTypeThem(t *testing.T) {
	t.Parallel()
	got, err := firstsync.Answers([]byte("audience_id: 0984\nmay_read: true\nregion: \"-\"\ntags: [zeotap, vip]\nproperties: {city: address.city}\nname: Ada # so\n"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"audience_id": "0984", "may_read": "yes", "region": "-", "tags": "zeotap, vip", "properties": "city=address.city", "name": "Ada",
	}, got)
	empty, err := firstsync.Answers([]byte("# nothing\n"))
	require.NoError(t, err)
	require.Empty(t, empty)
	for broken, says := range map[string]string{
		"- a":                      "expected the names of questions, each with its answer, as in audience_id: 984",
		"a: [":                     "not readable as YAML; write one question a line, as in audience_id: 984",
		"a:\nb: 1":                 "line 1: a: expected a text, a number, a list, or keys with values",
		"a: 1\nkey: [[hidden]]":    "line 2: key: expected a text, a number, a list, or keys with values",
		"a: 1\nkey: {b: {c: 1}}\n": "line 2: key: expected a text, a number, a list, or keys with values",
	} {
		_, err := firstsync.Answers([]byte(broken))
		require.EqualError(t, err, says)
	}
}
