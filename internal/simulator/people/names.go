package people

import "strings"

// nameSet is the names of one language or script.
type nameSet struct {
	first, last []name
	// middle says whether middle names are usual.
	middle bool
}

// name is a name and its spelling in plain ASCII, for email addresses.
type name struct{ native, ascii string }

// names reads "Jürgen/juergen Anna/anna ..."; an underscore is a space.
func names(list string) []name {
	words := strings.Fields(list)
	all := make([]name, len(words))
	for i, word := range words {
		native, ascii, _ := strings.Cut(word, "/")
		all[i] = name{strings.ReplaceAll(native, "_", " "), ascii}
	}
	return all
}

var germanNames = nameSet{
	middle: true,
	first: names(`Anna/anna Jürgen/juergen Jörg/joerg Käthe/kaethe Björn/bjoern Sören/soeren Günther/guenther
		Mia/mia Emma/emma Lukas/lukas Felix/felix Greta/greta Ida/ida Paul/paul Jonas/jonas Clara/clara Heike/heike
		Uwe/uwe Sabine/sabine Jana/jana Zoë/zoe Chloé/chloe René/rene Maïté/maite Anneliese/anneliese Karl-Heinz/karl-heinz
		Hans-Jürgen/hans-juergen Marie-Luise/marie-luise Tim/tim Bärbel/baerbel Lörke/loerke Ömer/oemer Finn/finn Leni/leni`),
	last: names(`Müller/mueller Schmidt/schmidt Schäfer/schaefer Weiß/weiss Groß/gross Köhler/koehler Krüger/krueger Böhm/boehm
		Jäger/jaeger Lang/lang Vogel/vogel Sommer/sommer Winter/winter Brandt/brandt Kühn/kuehn Straßer/strasser Möller/moeller
		Hübner/huebner Voß/voss Lindner/lindner Pfeiffer/pfeiffer von_Bülow/von.buelow van_der_Berg/van.der.berg Meyer-Lüdenscheid/meyer-luedenscheid
		O'Neill/oneill Dörfler/doerfler Zöllner/zoellner Fröhlich/froehlich Sauer/sauer Ahrens/ahrens Öztürk/oeztuerk Günay/guenay`),
}

var frenchNames = nameSet{
	middle: true,
	first: names(`Hélène/helene François/francois Zoé/zoe Loïc/loic Anaïs/anais Cécile/cecile Théo/theo Noémie/noemie
		Siân/sian Gwenaëlle/gwenaelle Oliver/oliver Amelia/amelia Seán/sean Ciarán/ciaran`),
	last: names(`Lefèvre/lefevre Garçon/garcon Bérenger/berenger Nuñez-Roy/nunez-roy D'Arcy/darcy Beaulieu/beaulieu Hughes/hughes
		Ó_Briain/obriain Façade/facade Crête/crete Wright/wright Léger/leger`),
}

var spanishNames = nameSet{
	middle: true,
	first:  names(`José/jose María/maria Begoña/begona Íñigo/inigo Lucía/lucia Andrés/andres Nicolò/nicolo Chiara/chiara Matteo/matteo Noè/noe`),
	last:   names(`Muñoz/munoz Peña/pena García/garcia Ibáñez/ibanez Güell/guell Rossi/rossi Forlì/forli De_Luca/de.luca D'Amico/damico Bianchi/bianchi`),
}

var polishNames = nameSet{
	first: names(`Łukasz/lukasz Małgorzata/malgorzata Zbyszek/zbyszek Grażyna/grazyna Świętosława/swietoslawa Paweł/pawel Jiří/jiri Žofie/zofie Đorđe/djordje Ágnes/agnes`),
	last:  names(`Wójcik/wojcik Żółkiewski/zolkiewski Dąbrowska/dabrowska Świątek/swiatek Gąsior/gasior Dvořák/dvorak Šťastná/stastna Kovačević/kovacevic Nagy/nagy Erdős/erdos`),
}

var turkishNames = nameSet{
	first: names(`Ayşe/ayse Çağla/cagla Gökhan/goekhan İbrahim/ibrahim Işıl/isil Müge/muege Oğuz/oguz Şule/sule Ümit/uemit Deniz/deniz`),
	last:  names(`Yılmaz/yilmaz Çelik/celik Şahin/sahin Özdemir/oezdemir Aydın/aydin Güneş/guenes Koç/koc Kılıç/kilic Doğan/dogan Işık/isik`),
}

var greekNames = nameSet{
	first: names(`Γιώργος/giorgos Μαρία/maria Ελένη/eleni Νίκος/nikos Δήμητρα/dimitra Κώστας/kostas Ζωή/zoi Άγγελος/angelos`),
	last:  names(`Παπαδόπουλος/papadopoulos Οικονόμου/oikonomou Βλάχος/vlachos Αγγελίδης/angelidis Ψαρράς/psarras Ξένου/xenou`),
}

var cyrillicNames = nameSet{
	first: names(`Олена/olena Юрій/yurii Тетяна/tetiana Ївга/yivha Богдан/bohdan Цветелина/tsvetelina Йордан/yordan Милена/milena Ґалина/galyna Щасна/shchasna`),
	last:  names(`Шевчук/shevchuk Коваленко/kovalenko Ґудзь/gudz Лісовий/lisovyi Петрова/petrova Йорданов/yordanov Жекова/zhekova Цанев/tsanev`),
}

var arabicNames = nameSet{
	first: names(`أحمد/ahmad فاطمة/fatima ليلى/layla يوسف/yusuf مريم/maryam عمر/omar نور/nour عبد_الله/abdullah`),
	last:  names(`الحداد/alhaddad النجار/alnajjar منصور/mansour خوري/khoury الشامي/alshami درويش/darwish`),
}

var hebrewNames = nameSet{
	first: names(`נועם/noam יעל/yael תמר/tamar איתי/itai שירה/shira אורי/ori דנה/dana`),
	last:  names(`כהן/cohen לוי/levi מזרחי/mizrahi פרץ/peretz אברהמי/avrahami שלום/shalom`),
}

var devanagariNames = nameSet{
	first: names(`आरव/aarav अनन्या/ananya प्रिया/priya राहुल/rahul दीपिका/dipika संजय/sanjay लक्ष्मी/lakshmi`),
	last:  names(`शर्मा/sharma वर्मा/varma गुप्ता/gupta पटेल/patel सिंह/singh जोशी/joshi`),
}

var hanNames = nameSet{
	first: names(`伟/wei 芳/fang 秀英/xiuying 娜/na 敏/min 静/jing 丽华/lihua 𠮷/ji`),
	last:  names(`王/wang 李/li 张/zhang 刘/liu 陈/chen 欧阳/ouyang 司马/sima`),
}

var hangulNames = nameSet{
	first: names(`민준/minjun 서연/seoyeon 지우/jiwoo 하은/haeun 도윤/doyun 수빈/subin`),
	last:  names(`김/kim 이/lee 박/park 최/choi 정/jung 남궁/namgung`),
}

var kanaNames = nameSet{
	first: names(`さくら/sakura ゆうた/yuta ひなた/hinata ケンジ/kenji マリコ/mariko はるか/haruka レイ/rei`),
	last:  names(`さとう/sato すずき/suzuki タナカ/tanaka わたなべ/watanabe ヤマモト/yamamoto きむら/kimura`),
}
