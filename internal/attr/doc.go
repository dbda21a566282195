// Package attr holds attribute values: what they are, how numbers behave, how big
// values are, and their forms on the wire, in the store and as keys. It is pure: it
// knows no table and no clock.
//
// A Value is of one of ten kinds; a Map is a set of named values. Both are immutable
// and shared freely. Numbers are exact decimals (Number).
//
// # Wire form
//
// ReadMap and ReadValue read the JSON of the protocol; AppendJSON writes it. Where
// a value makes no sense the readers note an Error in the service's own words
// with the decoder and go on, since the service reports malformed JSON first.
//
// # Encoded form
//
// AppendMap writes, and DecodeMap reads, what the store keeps for an item. An Item
// carries those bytes to the wire without decoding them; SizeEncoded and
// LookupEncoded look into them. They are:
//
//	map    = 0x01 value           the version, then a value of kind M
//	value  = head contents
//	head   = count<<4 | kind      where count < 15, else
//	         0xf0 | kind, uvarint count
//
//	kind      count                    contents
//	1  S      bytes                    UTF-8
//	2  N      bytes                    canonical decimal text
//	3  B      bytes                    the bytes
//	4  BOOL   0 false, 1 true          -
//	5  NULL   0                        -
//	6  SS     elements                 text each, in byte order, distinct
//	7  NS     elements                 text each, in numeric order, distinct
//	8  BS     elements                 text each, in byte order, distinct
//	9  L      elements                 value each
//	10 M      attributes               text (the name) and value each, in byte order of the names, distinct
//
//	text   = uvarint length, bytes
//	uvarint: 7 bits per byte, the lowest first, the top bit set on all but the
//	         last; in the shortest form; less than 2^28
//
// A map has one encoding only, so equal maps have equal bytes.
//
// # Key bytes
//
// AppendKey writes a string, number or binary such that bytes.Compare orders the
// bytes as Compare orders the values. No key is the beginning of another of its
// kind, so keys can be put one after the other and DecodeKey finds their ends.
//
// Strings and binaries: the bytes, with 0x00 written as 0x00 0xff, then 0x00 0x01.
//
// Numbers: zero is 0x80 0x00. A positive number is 0.p1 p2 p3... x 100^e, its decimal
// digits paired from the point outwards, with pairs from 00 to 99, p1 and the last
// not 00, and e from -64 to 63. Its bytes are 0x80+64+e, then each pair plus 1, then
// 0x00. A negative number has the bytes of its magnitude, each complemented.
package attr
