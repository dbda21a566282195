package attr

// formatVersion is the first byte of the encoded form. Readers refuse others.
const formatVersion = 1

// A value begins with a head: a byte of its Kind in the low half and of a count in
// the high half. Counts of inlineCounts and above follow as uvarints.
const (
	kindBits     = 4
	inlineCounts = 1<<(8-kindBits) - 1
)

// AppendMap appends the encoded form of m, which EncodedItem and DecodeMap take.
// See Encoded form in the package comment.
func AppendMap(dst []byte, m Map) []byte {
	return appendAttrs(append(dst, formatVersion), m)
}

func appendAttrs(dst []byte, m Map) []byte {
	dst = appendHead(dst, KindM, len(m))
	for i := range m {
		dst = appendText(dst, m[i].Name)
		dst = appendValue(dst, &m[i].Value)
	}
	return dst
}

func appendValue(dst []byte, v *Value) []byte {
	switch v.kind {
	case KindS, KindN, KindB:
		return append(appendHead(dst, v.kind, len(v.text)), v.text...)
	case KindBool:
		truth := 0
		if v.truth {
			truth = 1
		}
		return appendHead(dst, v.kind, truth)
	case KindM:
		return appendAttrs(dst, v.Map())
	case KindL:
		elems := v.Elems()
		dst = appendHead(dst, v.kind, len(elems))
		for i := range elems {
			dst = appendValue(dst, &elems[i])
		}
		return dst
	case KindSS, KindNS, KindBS:
		elems := v.Elems()
		dst = appendHead(dst, v.kind, len(elems))
		for i := range elems {
			dst = appendText(dst, elems[i].text)
		}
		return dst
	}
	return appendHead(dst, v.kind, 0)
}

func appendHead(dst []byte, kind Kind, count int) []byte {
	if count < inlineCounts {
		return append(dst, byte(kind)|byte(count)<<kindBits)
	}
	return appendUvarint(append(dst, byte(kind)|inlineCounts<<kindBits), count)
}

func appendText(dst []byte, text string) []byte {
	return append(appendUvarint(dst, len(text)), text...)
}

func appendUvarint(dst []byte, n int) []byte {
	for n >= 0x80 {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	return append(dst, byte(n))
}
