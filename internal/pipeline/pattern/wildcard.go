package pattern

import "strings"

// wildcard matches texts by a pattern in which a star stands for any text. A
// backslash takes its meaning from a star or from another backslash.
func wildcard(operand any) (func(any) bool, error) {
	text, ok := operand.(string)
	if !ok {
		return nil, ErrInvalid
	}
	parts, err := split(text)
	if err != nil {
		return nil, err
	}
	return func(v any) bool { s, ok := v.(string); return ok && matchParts(s, parts) }, nil
}

// split returns the texts between the stars. Two stars in a row are refused, as
// in the service.
func split(text string) ([]string, error) {
	parts := []string{""}
	for i := 0; i < len(text); i++ {
		last := len(parts) - 1
		switch c := text[i]; {
		case c == '*' && i > 0 && text[i-1] == '*' && parts[last] == "":
			return nil, ErrInvalid
		case c == '*':
			parts = append(parts, "")
		case c == '\\':
			if i++; i == len(text) || text[i] != '*' && text[i] != '\\' {
				return nil, ErrInvalid
			}
			parts[last] += text[i : i+1]
		default:
			parts[last] += text[i : i+1]
		}
	}
	return parts, nil
}

// matchParts reports whether s is the parts in their order, with anything between
// them. The leftmost place for each part leaves the most to the others.
func matchParts(s string, parts []string) bool {
	last := len(parts) - 1
	if last == 0 {
		return s == parts[0]
	}
	s, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		at := strings.Index(s, part)
		if at < 0 {
			return false
		}
		s = s[at+len(part):]
	}
	return strings.HasSuffix(s, parts[last])
}
