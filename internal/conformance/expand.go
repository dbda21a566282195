package conformance

import (
	"fmt"
	"strconv"
	"strings"
)

// unroll replaces each block
//
//	for NAME OTHER
//	| value | value
//	| value | value
//	case ... $NAME ... $OTHER
//	end
//
// by its lines once a row, with the values in place of the names.
func unroll(lines []line) ([]line, error) {
	var out []line
	for i := 0; i < len(lines); i++ {
		if !isDirective(lines[i].text, "for") {
			out = append(out, lines[i])
			continue
		}
		names := strings.Fields(lines[i].text)[1:]
		rows, body, end, err := block(lines, i, len(names))
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			for _, l := range body {
				out = append(out, line{l.number, fill(l.text, names, row)})
			}
		}
		i = end
	}
	return out, nil
}

// block returns the rows and the lines of the block that begins at start, and
// where its end is.
func block(lines []line, start, width int) (rows [][]string, body []line, end int, err error) {
	for i := start + 1; i < len(lines); i++ {
		text := lines[i].text
		switch {
		case text == "end":
			return rows, body, i, nil
		case isDirective(text, "for"):
			return nil, nil, 0, fmt.Errorf("%d: a block in a block", lines[i].number)
		case isDirective(text, "|"):
			row := strings.Split(text[1:], " | ")
			if len(row) != width {
				return nil, nil, 0, fmt.Errorf("%d: %d values for %d names", lines[i].number, len(row), width)
			}
			rows = append(rows, row)
		default:
			body = append(body, lines[i])
		}
	}
	return nil, nil, 0, fmt.Errorf("%d: the block has no end", lines[start].number)
}

// fill puts the values of a row in place of the names, of which none may begin
// with another.
func fill(text string, names, row []string) string {
	for i, name := range names {
		text = strings.ReplaceAll(text, "$"+name, strings.TrimSpace(row[i]))
	}
	return text
}

// generate replaces the macros in a text:
//
//	<repeat TEXT N>     TEXT N times; in single quotes if it has spaces
//	<list N TEXT>       TEXT N times with commas between, $i in it counting from 1
func generate(text string) (string, error) {
	for {
		start, macro := strings.Index(text, "<repeat "), macroRepeat
		if i := strings.Index(text, "<list "); i >= 0 && (start < 0 || i < start) {
			start, macro = i, macroList
		}
		if start < 0 {
			return text, nil
		}
		end := closing(text[start:])
		if end < 0 {
			return "", fmt.Errorf("a macro is not closed")
		}
		_, arg, _ := strings.Cut(text[start+1:start+end], " ")
		made, err := macro(arg)
		if err != nil {
			return "", err
		}
		text = text[:start] + made + text[start+end+1:]
	}
}

// closing returns where the angle bracket at the beginning of s is closed.
func closing(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '<':
			depth++
		case '>':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// macroLimit bounds what one macro writes.
const macroLimit = 32 << 20

func macroRepeat(arg string) (string, error) {
	i := strings.LastIndexByte(arg, ' ')
	n, err := strconv.Atoi(arg[i+1:])
	if i < 0 || err != nil || n < 0 {
		return "", fmt.Errorf("want <repeat TEXT N>, have %q", arg)
	}
	what := arg[:i]
	if len(what) > 1 && what[0] == '\'' && what[len(what)-1] == '\'' {
		what = what[1 : len(what)-1]
	}
	if len(what)*n > macroLimit {
		return "", fmt.Errorf("%d times %q is too long", n, what)
	}
	return strings.Repeat(what, n), nil
}

func macroList(arg string) (string, error) {
	count, what, ok := strings.Cut(arg, " ")
	n, err := strconv.Atoi(count)
	if !ok || err != nil || n < 0 || len(what)*n > macroLimit {
		return "", fmt.Errorf("want <list N TEXT>, have %q", arg)
	}
	list := make([]string, n)
	for i := range list {
		list[i] = strings.ReplaceAll(what, "$i", strconv.Itoa(i+1))
	}
	return strings.Join(list, ", "), nil
}
