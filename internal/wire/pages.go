package wire

import (
	"context"
	"net/http"
	"runtime/debug"
	"strings"
)

// PagesPath begins the paths of pages for people, where Options.Pages answers. No
// service has such paths: theirs are /, or begin with an account or a date.
const PagesPath = "/_levee/"

func isPage(path string) bool {
	return strings.HasPrefix(path, PagesPath) || path == PagesPath[:len(PagesPath)-1]
}

// servePage answers the request of a page. What goes wrong in it is logged, and
// answered without words.
func (e *Endpoint) servePage(ctx context.Context, req *Request, resp *Response) {
	defer func() {
		if cause := recover(); cause != nil {
			e.log.Error("page panicked", "path", strings.Clone(req.Path), "panic", cause, "stack", string(debug.Stack()))
			resp.Header = nil
			resp.plain(http.StatusInternalServerError, "", "")
		}
	}()
	if e.closed {
		resp.plain(http.StatusServiceUnavailable, "", "")
		return
	}
	e.pages(ctx, req, resp)
}
