package console

import "net/http"

// space begins the paths of what is in one namespace.
const space = Path + "at/{account}/{region}/"

// routes lists the pages.
func (c *Console) routes() {
	c.mux.HandleFunc("GET "+Path+"assets/{name}", serveAsset)
	c.open("GET "+Path+"login", (*visit).showLogin)
	c.open("POST "+Path+"login", (*visit).login)
	c.open("POST "+Path+"language", (*visit).chooseLanguage)
	c.page("POST "+Path+"logout", (*visit).logout)

	c.page("GET "+Path+"{$}", (*visit).overview)
	c.page("GET "+Path+"live", (*visit).live)
	c.page("GET "+Path+"at", (*visit).chooseNamespace)
	c.page("GET "+space+"{$}", (*visit).namespace)
	c.page("GET "+space+"tables/{$}", (*visit).listTables)
	c.page("GET "+space+"queues/{$}", (*visit).listQueues)
}

// page adds a page for those who may see the console.
func (c *Console) page(pattern string, show func(*visit) error) {
	c.open(pattern, func(v *visit) error {
		if !v.session.in && c.opts.Password != "" {
			return v.askLogin()
		}
		if err := v.readNamespace(); err != nil {
			return err
		}
		return show(v)
	})
}

// open adds a page for everybody.
func (c *Console) open(pattern string, show func(*visit) error) {
	c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v := c.newVisit(w, r)
		if err := v.check(); err != nil {
			v.fail(err)
			return
		}
		if err := show(v); err != nil {
			v.fail(err)
		}
	})
}
