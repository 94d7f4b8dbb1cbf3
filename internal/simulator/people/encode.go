package people

import (
	"strconv"
	"strings"
)

// AppendJSON appends the member as a JSON object. Missing values have no key,
// except phone, whose absence has three forms.
func (m Member) AppendJSON(b []byte) []byte {
	b = append(b, `{"customer_id":"`...)
	b = append(b, m.CustomerID...)
	b = append(b, '"')
	b = appendText(b, "first_name", m.FirstName)
	b = appendText(b, "middle_name", m.MiddleName)
	b = appendText(b, "last_name", m.LastName)
	b = appendText(b, "phone", m.Phone)
	if m.Phone == "" {
		switch m.PhoneMissing {
		case Null:
			b = append(b, `,"phone":null`...)
		case Empty:
			b = append(b, `,"phone":""`...)
		case Absent:
		}
	}
	b = appendText(b, "email", m.Email)
	b = appendText(b, "city", m.City)
	b = append(b, `,"loyalty_points":`...)
	b = append(b, m.LoyaltyPoints...)
	b = appendText(b, "birth_date", m.BirthDate)
	b = append(b, `,"segment_membership":`...)
	b = append(b, m.audiences...)
	b = append(b, `,"consent":{"whatsapp":`...)
	b = strconv.AppendBool(b, m.WhatsApp)
	return append(b, "}}"...)
}

// appendText appends a key with a text. The invented texts hold nothing that
// JSON escapes, and a test watches over that.
func appendText(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, key...)
	b = append(b, `":"`...)
	b = append(b, value...)
	return append(b, '"')
}

// Columns are the header of a CSV file of members. A nested value has a dotted
// name, and a list is joined with "|".
func Columns() []string {
	return []string{
		"customer_id", "first_name", "middle_name", "last_name", "phone", "email", "city",
		"loyalty_points", "birth_date", "segment_membership", "consent.whatsapp",
	}
}

// Row returns the member as a row of a CSV file, in the order of Columns.
func (m Member) Row() []string {
	return []string{
		m.CustomerID, m.FirstName, m.MiddleName, m.LastName, m.Phone, m.Email, m.City,
		m.LoyaltyPoints, m.BirthDate, strings.Join(m.Audiences, "|"), strconv.FormatBool(m.WhatsApp),
	}
}
