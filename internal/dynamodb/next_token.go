package dynamodb

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

// nextToken says where a page of a SELECT ended. It holds all that is needed to go
// on, so that it outlives the engine; whoever makes one up can read nothing that
// the statement does not select.
type nextToken struct {
	print statementDigest
	at    int      // the number of the range
	last  attr.Map // the place of the last row
}

const nextTokenVersion = 1

// statementDigest binds a token to a statement, its parameters and its owner.
type statementDigest [16]byte

func statementPrint(c *api.Caller, in *ddb.ExecuteStatementInput) (d statementDigest) {
	b := appendText(appendText(nil, c.Account), c.Region)
	sum := sha256.Sum256(appendStatement(b, in.Statement.V, in.Parameters))
	copy(d[:], sum[:])
	return d
}

// appendStatement appends a statement and its parameters, for a digest.
func appendStatement(b []byte, text string, params []attr.Value) []byte {
	return appendSized(appendText(b, text), attr.AppendMap(nil, attr.Map{{Name: "?", Value: attr.L(params)}}))
}

func (t nextToken) encode() string {
	b := append([]byte{nextTokenVersion}, t.print[:]...)
	b = binary.AppendUvarint(b, uint64(t.at))
	return base64.StdEncoding.EncodeToString(attr.AppendMap(b, t.last))
}

// decodeNextToken reads what encode wrote.
func decodeNextToken(text string) (t nextToken, ok bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) < 1+len(t.print) || b[0] != nextTokenVersion {
		return t, false
	}
	copy(t.print[:], b[1:])
	b = b[1+len(t.print):]
	at, n := binary.Uvarint(b)
	if n <= 0 || at > 1<<16 {
		return t, false
	}
	t.at = int(at)
	t.last, err = attr.DecodeMap(b[n:])
	return t, err == nil
}

// resume makes the plan go on where a token says, and returns the number of the
// range to begin with.
func (p *selectPlan) resume(token api.Opt[string], print statementDigest) (int, error) {
	if !token.OK {
		return 0, nil
	}
	t, ok := decodeNextToken(token.V)
	if !ok {
		return 0, api.Validation("Invalid NextToken")
	}
	if t.print != print || t.at >= len(p.ranges) || !p.isPlace(t.last) {
		return 0, api.Validation("NextToken does not match request")
	}
	r := &p.ranges[t.at]
	r.Range = after(r.Range, p.row(t.last))
	return t.at, nil
}

// isPlace reports whether a row can be at the place: it has the key attributes of
// the source, and nothing else.
func (s source) isPlace(m attr.Map) bool {
	place := s.place()
	for _, a := range place {
		if v, ok := m.Get(a.Name); !ok || v.Kind() != a.Kind {
			return false
		}
	}
	return len(m) == len(place)
}
