package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// nested is a map in a map, and so on: levels of them around a string.
func nested(levels int) val {
	v := str("core")
	for range levels {
		v = object(item{"n": v})
	}
	return v
}

func TestValuesComeBackAsTheyWere(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	values := item{
		"S":           str("plain"),
		"S empty":     str(""),
		"S unicode":   str("한글 \U0001F680 \u0000 \u2028 \" \\ / </script>"),
		"N":           num(-7),
		"N 38 digits": dec("12345678901234567890123456789012345678"),
		"N fraction":  dec("-0.12345678901234567890123456789012345678"),
		"B":           bin(string(all)),
		"B empty":     bin(""),
		"BOOL":        list(boolean(true), boolean(false)),
		"NULL":        null(),
		"L":           list(str("a"), num(1), list(), object(item{}), null()),
		"M":           object(item{"x.y[0]": num(1)}),
		"nested":      nested(31),
	}
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Values")
		for name, v := range values {
			stored := with(key("v", name), item{"v": v})
			c.put(t, "Values", stored)
			c.wantItem(t, "Values", key("v", name), stored)
		}
		got := try(c.db.Query(ctx(t), &dynamodb.QueryInput{TableName: aws.String("Values"),
			KeyConditionExpression: aws.String("pk = :v"), ExpressionAttributeValues: item{":v": str("v")}})).must(t)
		for _, i := range got.Items {
			want(t, strOf(i["sk"]), i["v"], values[strOf(i["sk"])])
		}
		want(t, "items", int(got.Count), len(values))
	})
}

func TestNestingIsLimited(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Deep")
		_, err := c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: aws.String("Deep"), Item: with(key("a", "1"), item{"v": nested(33)})})
		wantInvalid(t, err, "1 validation error detected: Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
		c.wantItem(t, "Deep", key("a", "1"), nil)
	})
}

func TestSets(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Sets")
		c.put(t, "Sets", with(key("a", "1"), item{
			"ss": strs("b", "a", "c"), "ns": nums("10", "9", "-1.5"), "bs": bins([]byte{2}, []byte{1, 0}, []byte{1})}))
		got := c.get(t, "Sets", key("a", "1"))
		ss := got["ss"].(*types.AttributeValueMemberSS).Value
		ns := got["ns"].(*types.AttributeValueMemberNS).Value
		bs := got["bs"].(*types.AttributeValueMemberBS).Value
		slices.Sort(ss)
		slices.Sort(ns)
		slices.SortFunc(bs, func(a, b []byte) int { return strings.Compare(string(a), string(b)) })
		want(t, "strings", ss, []string{"a", "b", "c"})
		want(t, "numbers", ns, []string{"-1.5", "10", "9"})
		want(t, "binaries", bs, [][]byte{{1}, {1, 0}, {2}})
	})
}

// The service gives numbers back in one form: without exponent, without zeros
// that say nothing.
func TestNumbersHaveOneForm(t *testing.T) {
	forms := map[string]string{
		"007": "7", "1.50": "1.5", "-0": "0", "1e3": "1000", "1E-3": "0.001", "+5": "5", "0.0": "0", "100000000000000000000": "100000000000000000000",
		"1e125":    "1" + strings.Repeat("0", 125),
		"1e-130":   "0." + strings.Repeat("0", 129) + "1",
		"12.30e+1": "123",
	}
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Numbers")
		for in, out := range forms {
			c.put(t, "Numbers", with(key("a", in), item{"n": dec(in)}))
			c.wantItem(t, "Numbers", key("a", in), with(key("a", in), item{"n": dec(out)}))
		}
	})
}

func TestKeysSortByType(t *testing.T) {
	inOrder := map[types.ScalarAttributeType][]val{
		"N": {dec("-1e120"), dec("-100"), dec("-99.5"), dec("-1e-120"), num(0), dec("1e-120"), dec("0.5"), num(9), num(10), dec("12345678901234567890123456789012345678"), dec("1e120")},
		"S": {str("A"), str("Z"), str("a"), str("aa"), str("b"), str("é"), str("한"), str("\U0001F680")},
		"B": {bin("\x00"), bin("\x00\x00"), bin("\x01"), bin("\x7f"), bin("\x80"), bin("\xff"), bin("\xff\x00")},
	}
	onStores(t, func(t *testing.T, c *client) {
		for kind, keys := range inOrder {
			name := "By" + string(kind)
			c.createTable(t, name, keyTypes("S", kind))
			for i, k := range slices.Backward(keys) {
				c.put(t, name, item{"pk": str("a"), "sk": k, "at": str(fmt.Sprintf("%02d", i))})
			}
			for _, forward := range []bool{true, false} {
				got := try(c.db.Query(ctx(t), &dynamodb.QueryInput{TableName: &name, ScanIndexForward: &forward,
					KeyConditionExpression: aws.String("pk = :a"), ExpressionAttributeValues: item{":a": str("a")}})).must(t)
				var order []string
				for i := range keys {
					order = append(order, fmt.Sprintf("%02d", i))
				}
				if !forward {
					slices.Reverse(order)
				}
				want(t, fmt.Sprintf("%s, forward %v", kind, forward), names(got.Items, "at"), order)
			}
		}
	})
}
