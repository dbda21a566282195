package attr

// Sizes in bytes as the service counts them (Developer Guide, "DynamoDB item sizes
// and formats").
const (
	flagSize      = 1 // a boolean or null
	documentSize  = 3 // a list or map, besides its contents
	perMemberSize = 1 // each element or attribute in one
)

// Size returns the bytes of v towards the size of an item, its name not included.
func (v Value) Size() int {
	switch v.kind {
	case KindS, KindB:
		return len(v.text)
	case KindN:
		return numberSize(v.text)
	case KindBool, KindNull:
		return flagSize
	case KindSS, KindNS, KindBS:
		size := 0
		for _, e := range v.Elems() {
			size += e.Size()
		}
		return size
	case KindL:
		size := documentSize
		for _, e := range v.Elems() {
			size += perMemberSize + e.Size()
		}
		return size
	case KindM:
		m := v.Map()
		return documentSize + len(m)*perMemberSize + m.Size()
	}
	return 0
}

// Size returns the bytes of m as an item: the lengths of the names in UTF-8 and
// the sizes of the values.
func (m Map) Size() int {
	size := 0
	for _, a := range m {
		size += len(a.Name) + a.Value.Size()
	}
	return size
}

// numberSize returns the size of a number by its canonical text. The guide only
// says "approximately 1 byte per two significant digits, plus 1". Sizes measured
// at the 400 KB limit (by the authors of the dynamodb-conformance suite, 2026) are
// those of a base-100 representation with its digits paired from the point
// outwards: one byte for the exponent, one per pair between the first and the last
// that is not 00, and one for a minus sign.
func numberSize[T string | []byte](text T) int {
	size := 1
	if len(text) > 0 && text[0] == '-' {
		size++
		text = text[1:]
	}
	whole := wholeDigits(text)
	if whole == len(text) {
		if whole == 1 && text[0] == '0' {
			return size // zero is all exponent
		}
		zeros := 0
		for zeros < whole && text[whole-1-zeros] == '0' {
			zeros++
		}
		return size + (whole+1)/2 - zeros/2
	}
	fraction := text[whole+1:]
	size += (len(fraction) + 1) / 2
	if text[0] != '0' {
		return size + (whole+1)/2
	}
	zeros := 0
	for zeros < len(fraction) && fraction[zeros] == '0' {
		zeros++
	}
	return size - zeros/2
}
