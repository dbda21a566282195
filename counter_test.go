package levee_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/levee-io/levee"
)

func (s *stage) count(counter string, group map[string]types.AttributeValue, items int64, sum string) {
	s.Helper()
	got, err := s.ReadCounter(s.Context(), counter, group)
	if err != nil {
		s.Fatal(err)
	}
	if got.Items != items || got.Sums["n"] != sum {
		s.Errorf("%s of %v: %+v, want %d items and a sum of %q", counter, group, got, items, sum)
	}
}

// A counter is declared over what is there, read by group and as a whole, described,
// and deleted.
func TestCounter(t *testing.T) {
	onStages(t, func(s *stage) {
		ctx := s.Context()
		put := func(id, member, n string) {
			item := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}, "n": &types.AttributeValueMemberN{Value: n}}
			if member != "" {
				item["member"] = &types.AttributeValueMemberS{Value: member}
			}
			if _, err := s.Tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("sums"), Item: item}); err != nil {
				t.Fatal(err)
			}
		}
		member := func(name string) map[string]types.AttributeValue {
			return map[string]types.AttributeValue{"member": &types.AttributeValueMemberS{Value: name}}
		}
		put("1", "ada", "1.5")
		put("2", "ada", "2")
		put("3", "bob", "9")
		by := levee.Counter{
			Name: "by-member", Table: "sums", Sum: []string{"n"},
			GroupBy: []types.AttributeDefinition{{AttributeName: aws.String("member"), AttributeType: types.ScalarAttributeTypeS}},
			Filter:  "#n < :most", Names: map[string]string{"#n": "n"},
			Values: map[string]types.AttributeValue{":most": &types.AttributeValueMemberN{Value: "9"}},
		}
		err := s.CreateCounter(ctx, by)
		if has, failed := s.HasTransact(ctx); failed != nil || has == errors.Is(err, levee.ErrNoCounters) {
			t.Fatalf("HasTransact says %v, %v; CreateCounter: %v", has, failed, err)
		}
		if errors.Is(err, levee.ErrNoCounters) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := s.CreateCounter(ctx, levee.Counter{Name: "all", Table: "sums", Sum: []string{"n"}}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"by-member", "all"} {
			if err := s.AwaitCounter(ctx, name); err != nil {
				t.Fatal(err)
			}
		}
		put("4", "ada", "3")
		put("5", "", "4")
		s.count("by-member", member("ada"), 3, "6.5")
		s.count("by-member", member("bob"), 0, "") // filtered
		s.count("all", nil, 5, "19.5")

		var exists *types.ResourceInUseException
		if err := s.CreateCounter(ctx, by); !errors.As(err, &exists) {
			t.Errorf("created twice: %v", err)
		}
		list, err := s.ListCounters(ctx, "sums")
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v, %v", list, err)
		}
		d, err := s.DeleteCounter(ctx, "by-member")
		group := fmt.Sprint(len(d.GroupBy))
		if len(d.GroupBy) == 1 {
			group = *d.GroupBy[0].AttributeName + string(d.GroupBy[0].AttributeType)
		}
		if err != nil || d.Building || d.Created.IsZero() || d.Table != "sums" || d.Filter != by.Filter || group != "memberS" || len(d.Sum) != 1 {
			t.Errorf("%+v, %v", d, err)
		}
		var gone *types.ResourceNotFoundException
		if _, err := s.DescribeCounter(ctx, "by-member"); !errors.As(err, &gone) {
			t.Errorf("deleted: %v", err)
		}
	})
}
