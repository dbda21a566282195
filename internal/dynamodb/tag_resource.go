package dynamodb

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// Limits of tags (Developer Guide, "Tagging restrictions in DynamoDB"), in
// characters.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// mergeTags checks tags and returns old with them, in a new list. A tag with
// the key of an old one replaces it.
func mergeTags(old []tag, in []ddb.Tag) ([]tag, error) {
	list := slices.Clone(old)
	for i := range in {
		key, value := in[i].Key.V, in[i].Value.V
		if err := checkTag(key, value); err != nil {
			return nil, err
		}
		sameKey := func(t ddb.Tag) bool { return t.Key.V == key }
		if slices.ContainsFunc(in[:i], sameKey) {
			return nil, api.Validation("Duplicate Tag Keys provided as input: Duplicate Tag Key found %s", key)
		}
		if at := slices.IndexFunc(list, func(t tag) bool { return t.Key == key }); at >= 0 {
			list[at].Value = value
		} else {
			list = append(list, tag{key, value})
		}
	}
	if len(list) > maxTags {
		return nil, api.Validation("Number of Tags exceed the current limit for the provided ResourceArn")
	}
	return list, nil
}

func checkTag(key, value string) error {
	switch {
	case key == "" || !isTagText(key, maxTagKey):
		return api.Validation("The Tag Key provided is invalid, Key: %s", key)
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return api.Validation("Tag Key cannot be prefixed with aws:, Key: %s", key)
	case !isTagText(value, maxTagValue):
		return api.Validation("The Tag Value provided is invalid, Value: %s", value)
	}
	return nil
}

// isTagText reports whether s has at most limit characters, each of them a
// letter, a digit, a space or one of + - = . _ : / @.
func isTagText(s string, limit int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Zs, r) && !strings.ContainsRune("+-=._:/@", r) {
			return false
		}
	}
	return true
}
