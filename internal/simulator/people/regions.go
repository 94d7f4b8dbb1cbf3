package people

// region is a country with the mobile numbers, names and cities of its people.
type region struct {
	// code is ISO 3166, dial the country calling code.
	code, dial string
	names      *nameSet
	cities     []string
}

// slot is a million mobile numbers: network, lead, six digits. All are valid
// by the numbering plans that github.com/nyaruka/phonenumbers holds.
type slot struct {
	region        *region
	network, lead string
}

// slots are one hundred, so that each is 1 % of the members; 70 are German.
var slots = allSlots()

func allSlots() [100]slot {
	all := make([]slot, 0, 100)
	for _, lead := range [...]string{"2", "3", "5", "6", "8"} {
		for _, network := range [...]string{
			"1511", "1512", "1515", "1516", "1522", "1573", "1590",
			"160", "170", "171", "172", "173", "175", "179",
		} {
			all = append(all, slot{&germany, network, lead})
		}
	}
	return [100]slot(append(
		all,
		slot{&austria, "664", "1"}, slot{&austria, "664", "7"}, slot{&austria, "676", "4"},
		slot{&austria, "699", "1"}, slot{&austria, "650", "5"},
		slot{&switzerland, "76", "3"}, slot{&switzerland, "78", "6"}, slot{&switzerland, "79", "4"},
		slot{&netherlands, "6", "12"},
		slot{&france, "6", "12"}, slot{&france, "6", "78"},
		slot{&britain, "7300", ""}, slot{&britain, "7712", ""},
		slot{&poland, "501", ""}, slot{&poland, "602", ""},
		slot{&turkey, "532", "2"}, slot{&turkey, "542", "5"},
		slot{&italy, "333", "1"}, slot{&italy, "347", "6"},
		slot{&spain, "612", ""},
		slot{&greece, "694", "4"},
		slot{&ukraine, "67", "3"},
		slot{&bulgaria, "88", "7"},
		slot{&israel, "52", "6"},
		slot{&emirates, "50", "4"},
		slot{&egypt, "100", "2"},
		slot{&india, "9811", ""},
		slot{&china, "138", "12"},
		slot{&korea, "10", "23"},
		slot{&japan, "90", "12"},
	))
}

var (
	germany     = region{"DE", "49", &germanNames, []string{"Berlin", "Hamburg", "München", "Köln", "Düsseldorf", "Würzburg", "Leipzig", "Görlitz", "Saarbrücken", "Gießen", "Lübeck", "Bremen"}}
	austria     = region{"AT", "43", &germanNames, []string{"Wien", "Graz", "Linz", "Klagenfurt am Wörthersee", "St. Pölten"}}
	switzerland = region{"CH", "41", &germanNames, []string{"Zürich", "Genève", "Basel", "Delémont", "Chur"}}
	netherlands = region{"NL", "31", &germanNames, []string{"Amsterdam", "Utrecht", "'s-Hertogenbosch"}}
	france      = region{"FR", "33", &frenchNames, []string{"Paris", "Besançon", "Orléans", "Nîmes"}}
	britain     = region{"GB", "44", &frenchNames, []string{"London", "Leeds", "Aberystwyth"}}
	poland      = region{"PL", "48", &polishNames, []string{"Łódź", "Kraków", "Gdańsk", "Poznań"}}
	turkey      = region{"TR", "90", &turkishNames, []string{"İstanbul", "İzmir", "Eskişehir"}}
	italy       = region{"IT", "39", &spanishNames, []string{"Milano", "Forlì", "Cefalù"}}
	spain       = region{"ES", "34", &spanishNames, []string{"Málaga", "A Coruña", "Cádiz"}}
	greece      = region{"GR", "30", &greekNames, []string{"Αθήνα", "Θεσσαλονίκη", "Πάτρα"}}
	ukraine     = region{"UA", "380", &cyrillicNames, []string{"Київ", "Львів", "Харків"}}
	bulgaria    = region{"BG", "359", &cyrillicNames, []string{"София", "Пловдив", "Варна"}}
	israel      = region{"IL", "972", &hebrewNames, []string{"תל אביב", "חיפה", "ירושלים"}}
	emirates    = region{"AE", "971", &arabicNames, []string{"دبي", "أبو ظبي"}}
	egypt       = region{"EG", "20", &arabicNames, []string{"القاهرة", "الإسكندرية"}}
	india       = region{"IN", "91", &devanagariNames, []string{"दिल्ली", "मुंबई", "जयपुर"}}
	china       = region{"CN", "86", &hanNames, []string{"北京", "上海", "成都"}}
	korea       = region{"KR", "82", &hangulNames, []string{"서울", "부산", "대구"}}
	japan       = region{"JP", "81", &kanaNames, []string{"さっぽろ", "サイタマ", "おおさか"}}
)

// abroad are the names of the one in eight who have a number of a
// region with mostly German names, and a family from elsewhere.
var abroad = [...]*nameSet{
	&turkishNames, &polishNames, &frenchNames, &spanishNames, &greekNames, &cyrillicNames, &arabicNames,
	&hebrewNames, &devanagariNames, &hanNames, &hangulNames, &kanaNames,
}

func (r *region) namesFor(h uint64) *nameSet {
	if r.names == &germanNames && h&7 == 0 {
		return abroad[h>>3&0x1f%uint64(len(abroad))]
	}
	return r.names
}
