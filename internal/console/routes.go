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
	c.page("GET "+Path+"capacity", (*visit).showCapacities)
	c.page("GET "+Path+"mappings", (*visit).showMappings)
	c.page("GET "+Path+"surge", (*visit).showSurge)
	c.page("GET "+Path+"surge/live", (*visit).surgeLive)
	c.page("POST "+Path+"surge", (*visit).startSurge)
	c.page("POST "+Path+"surge/cancel", (*visit).cancelSurge)
	c.page("GET "+Path+"rehearse", (*visit).showRehearse)
	c.page("POST "+Path+"rehearse", (*visit).rehearse)
	c.page("GET "+Path+"rehearse/{report}", (*visit).showReport)
	c.page("GET "+Path+"at", (*visit).chooseNamespace)
	c.page("GET "+space+"{$}", (*visit).namespace)
	c.page("GET "+space+"tables/{$}", (*visit).listTables)
	c.page("GET "+space+"create-table", (*visit).showCreateTable)
	c.page("POST "+space+"create-table", (*visit).createTable)
	c.page("GET "+space+"tables/{table}", (*visit).browse)
	c.page("GET "+space+"tables/{table}/export-selection", (*visit).exportSelection)
	c.page("POST "+space+"tables/{table}/delete-items", (*visit).deleteItems)
	c.page("GET "+space+"tables/{table}/item", (*visit).showItem)
	c.page("POST "+space+"tables/{table}/item", (*visit).saveItem)
	c.page("POST "+space+"tables/{table}/delete-item", (*visit).deleteItem)
	c.page("GET "+space+"tables/{table}/settings", (*visit).showTableSettings)
	c.page("POST "+space+"tables/{table}/settings/{change}", (*visit).changeTable)
	c.page("POST "+space+"tables/{table}/delete-table", (*visit).deleteTable)
	c.page("GET "+space+"tables/{table}/stream", (*visit).showStream)
	c.page("GET "+space+"tables/{table}/positions", (*visit).showPositions)
	c.page("GET "+space+"tables/{table}/counters", (*visit).showCounters)
	c.page("GET "+space+"tables/{table}/counter-rows", (*visit).showCounterRows)
	c.page("POST "+space+"tables/{table}/counters/{change}", (*visit).changeCounters)
	c.page("GET "+space+"tables/{table}/transfer", (*visit).showTransfer)
	c.page("GET "+space+"tables/{table}/export", (*visit).export)
	c.page("POST "+space+"tables/{table}/import", (*visit).importItems)
	c.page("GET "+space+"tables/{table}/capacity", (*visit).showTableCapacity)
	c.page("GET "+space+"tables/{table}/heat", (*visit).showHeat)
	c.page("GET "+space+"statement", (*visit).showStatement)
	c.page("POST "+space+"statement", (*visit).runStatement)
	c.page("GET "+space+"queues/{$}", (*visit).listQueues)
	c.page("GET "+space+"create-queue", (*visit).showCreateQueue)
	c.page("POST "+space+"create-queue", (*visit).createQueue)
	c.page("GET "+space+"queues/{queue}", (*visit).showQueue)
	c.page("GET "+space+"queues/{queue}/messages", (*visit).showMessages)
	c.page("GET "+space+"queues/{queue}/send", (*visit).showSend)
	c.page("POST "+space+"queues/{queue}/send", (*visit).send)
	c.page("GET "+space+"queues/{queue}/settings", (*visit).showQueueSettings)
	c.page("POST "+space+"queues/{queue}/settings/{change}", (*visit).changeQueue)
	c.page("POST "+space+"queues/{queue}/delete-queue", (*visit).deleteQueue)
	c.page("GET "+space+"functions/{$}", (*visit).listFunctions)
	c.page("GET "+space+"functions/{function}", (*visit).showFunction)
	c.page("GET "+space+"functions/{function}/logs", (*visit).showLogs)
	c.page("GET "+space+"functions/{function}/invoke", (*visit).showInvoke)
	c.page("POST "+space+"functions/{function}/invoke", (*visit).invoke)
	c.page("GET "+space+"functions/{function}/settings", (*visit).showFunctionSettings)
	c.page("POST "+space+"functions/{function}/settings/{change}", (*visit).changeFunction)
	c.page("POST "+space+"functions/{function}/delete-function", (*visit).deleteFunction)
	c.page("GET "+space+"pipes/{$}", (*visit).listPipes)
	c.page("GET "+space+"pipe-rows", (*visit).showPipeRows)
	c.page("GET "+space+"pipes/{pipe}", (*visit).showPipe)
	c.page("GET "+space+"pipes/{pipe}/progress", (*visit).showPipeProgress)
	c.page("POST "+space+"pipes/{pipe}/{change}", (*visit).changePipe)
	c.page("GET "+space+"mappings", (*visit).showMappings)
	c.page("GET "+space+"mappings/{mapping}", (*visit).showMapping)
	c.page("GET "+space+"mappings/{mapping}/progress", (*visit).showMappingProgress)
	c.page("POST "+space+"mappings/{mapping}/{change}", (*visit).changeMapping)
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
