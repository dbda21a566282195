package api

// Empty is the answer of an operation that says only that it was done.
type Empty struct{}

// AppendJSON implements Output.
func (*Empty) AppendJSON(dst []byte) []byte { return append(dst, '{', '}') }

// AppendXML implements QueryOutput.
func (*Empty) AppendXML(dst []byte) []byte { return dst }
