package console

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// A query of the builder as others would make it: for the AWS CLI, and in Go.

// operation is the name of what reads a selection.
func (s *selection) operation() string {
	if s.key == "" {
		return "Scan"
	}
	return "Query"
}

// command is the selection as a command of the AWS CLI, in the quotes of a shell.
func (s *selection) command(endpoint, region string) string {
	var b strings.Builder
	flag := func(name, value string) { fmt.Fprintf(&b, " \\\n  --%s %s", name, shellQuote(value)) }
	fmt.Fprintf(&b, "aws dynamodb %s", strings.ToLower(s.operation()))
	flag("endpoint-url", endpoint)
	flag("region", region)
	flag("table-name", s.table)
	for _, one := range []struct{ name, value string }{
		{"index-name", s.index}, {"key-condition-expression", s.key}, {"filter-expression", s.filter}, {"expression-attribute-names", s.namesJSON()},
	} {
		if one.value != "" {
			flag(one.name, one.value)
		}
	}
	if len(s.values) > 0 {
		flag("expression-attribute-values", string(s.placeholders().AppendJSON(nil)))
	}
	if s.backwards && s.key != "" {
		b.WriteString(" \\\n  --no-scan-index-forward")
	}
	return b.String()
}

func (s *selection) namesJSON() string {
	if len(s.names) == 0 {
		return ""
	}
	b := []byte{'{'}
	for i, n := range s.names {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsontok.AppendString(append(jsontok.AppendString(b, n.Key), ':'), n.Value)
	}
	return string(append(b, '}'))
}

// shellQuote makes one word of a POSIX shell of a text.
func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// goCode is the selection as a call in Go, of the AWS SDK v2.
func (s *selection) goCode() string {
	var b strings.Builder
	name := s.operation()
	fmt.Fprintf(&b, "out, err := client.%s(ctx, &dynamodb.%sInput{\n\tTableName: aws.String(%q),\n", name, name, s.table)
	for _, one := range []struct{ name, value string }{
		{"IndexName", s.index}, {"KeyConditionExpression", s.key}, {"FilterExpression", s.filter},
	} {
		if one.value != "" {
			fmt.Fprintf(&b, "\t%s: aws.String(%q),\n", one.name, one.value)
		}
	}
	if len(s.names) > 0 {
		b.WriteString("\tExpressionAttributeNames: map[string]string{")
		for i, n := range s.names {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%q: %q", n.Key, n.Value)
		}
		b.WriteString("},\n")
	}
	if len(s.values) > 0 {
		b.WriteString("\tExpressionAttributeValues: map[string]types.AttributeValue{\n")
		for _, v := range s.values {
			fmt.Fprintf(&b, "\t\t%q: %s,\n", v.Name, goValue(v.Value))
		}
		b.WriteString("\t},\n")
	}
	if s.backwards && s.key != "" {
		b.WriteString("\tScanIndexForward: aws.Bool(false),\n")
	}
	b.WriteString("})")
	return b.String()
}

// goValue is a scalar, which is what the builder compares with.
func goValue(v attr.Value) string {
	member := "&types.AttributeValueMember" + v.Kind().String() + "{Value: "
	switch v.Kind() {
	case attr.KindN:
		return member + fmt.Sprintf("%q}", v.Num().String())
	case attr.KindB:
		return member + fmt.Sprintf("[]byte(%q)}", v.Binary())
	case attr.KindBool:
		return member + fmt.Sprintf("%v}", v.Truth())
	case attr.KindNull:
		return member + "true}"
	}
	return member + fmt.Sprintf("%q}", v.Str())
}

// code is what a page shows of its query for use elsewhere; "" of one that is wrong.
type code struct{ Command, Go string }

func (v *visit) code(t *described, index indexed, form url.Values) (c code) {
	s, err := newSelection(t, index, form)
	if err != nil {
		return c
	}
	return code{Command: s.command(v.caller().BaseURL, v.ns.Region), Go: s.goCode()}
}
