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
// by its lines once a row, with the values in place of the names. There may be
// blocks in it.
func unroll(lines []line) ([]line, error) {
	var out []line
	for i := 0; i < len(lines); i++ {
		if !isDirective(lines[i].text, "for") {
			out = append(out, lines[i])
			continue
		}
		end := blockEnd(lines, i)
		if end < 0 {
			return nil, fmt.Errorf("%d: the block has no end", lines[i].number)
		}
		made, err := unrollBlock(lines[i:end])
		if err != nil {
			return nil, err
		}
		out = append(out, made...)
		i = end
	}
	return out, nil
}

// blockEnd returns where the block that begins at start ends, -1 if it does not.
func blockEnd(lines []line, start int) int {
	depth := 0
	for i := start; i < len(lines); i++ {
		switch {
		case isDirective(lines[i].text, "for"):
			depth++
		case lines[i].text == "end":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// unrollBlock writes out a block, given without its end.
func unrollBlock(lines []line) ([]line, error) {
	names := strings.Fields(lines[0].text)[1:]
	body := lines[1:]
	var rows [][]string
	for len(body) > 0 && isDirective(body[0].text, "|") {
		row := strings.Split(body[0].text[1:], "|")
		if len(row) != len(names) {
			return nil, fmt.Errorf("%d: %d values for %d names", body[0].number, len(row), len(names))
		}
		rows, body = append(rows, row), body[1:]
	}
	var out []line
	for _, row := range rows {
		for _, l := range body {
			out = append(out, line{l.number, fill(l.text, names, row)})
		}
	}
	return unroll(out)
}

// fill puts the values of a row in place of the names, of which none may begin
// with another. An empty value takes a space beside its name with it.
func fill(text string, names, row []string) string {
	for i, name := range names {
		value := strings.TrimSpace(row[i])
		if value == "" {
			text = strings.ReplaceAll(text, "$"+name+" ", "")
			text = strings.ReplaceAll(text, " $"+name, "")
		}
		text = strings.ReplaceAll(text, "$"+name, value)
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
