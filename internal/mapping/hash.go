package mapping

// isHash recognises the hexadecimal digests (MD5 to SHA-512) in which Zeotap
// exports identifiers by default.
func isHash(value string) bool {
	switch len(value) {
	case 32, 40, 56, 64, 96, 128:
	default:
		return false
	}
	for i := range len(value) {
		c := value[i] | 0x20
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') || value[i] < '0' {
			return false
		}
	}
	return true
}
