extension Program {
    /// Carries a decision out: what the static configuration reads from `txn.…`, and the headers of the next hop.
    static let acting = #"""
        local function read_request(txn)
          local headers = txn.http:req_get_headers()
          local path, query = txn.f:pathq() or "*", nil
          local mark = find(path, "?", 1, true)
          if mark then path, query = sub(path, 1, mark - 1), sub(path, mark + 1) end
          return {
            txn = txn, headers = headers, path = path, query = query,
            host = lower(match(headers.host and headers.host[0] or "", "^[^:]*")),
            port = txn.f:dst_port(), source = txn.sf:src(),
          }
        end

        -- Only ours comes and goes; the members of others stay, as many as may be read again.
        local function carry_member(txn, request, name, limits, keys, ours)
          local members = members_of(request, name, limits)
          if members == nil and not ours then return end
          local kept = {}
          for _, member in ipairs(members or nothing) do
            if not keys[key_of(member) or ""] then kept[#kept + 1] = member end
          end
          if members and #kept == #members and not ours then return end
          if ours then table.insert(kept, 1, ours) end
          while #kept > limits.count or #concat(kept, ",") > limits.bytes do table.remove(kept) end
          if kept[1] then txn.http:req_set_header(name, concat(kept, ",")) else txn.http:req_del_header(name) end
        end

        local function strip_cookie(txn, request, names)
          local text = joined(request, "cookie", ";")
          if not text then return end
          if not cookies_of(request) then return txn.http:req_del_header("cookie") end
          local kept, is_there = {}, false
          for _, part in ipairs((split(text, ";"))) do
            if names[key_of(part) or ""] then is_there = true else kept[#kept + 1] = trimmed(part) end
          end
          if not is_there then return end
          if kept[1] then txn.http:req_set_header("cookie", concat(kept, "; ")) else txn.http:req_del_header("cookie") end
        end

        local function carry(txn, request, chosen)
          local sandbox = chosen.sandbox
          for at, name in ipairs(S.carriers.headers) do
            if sandbox and at == 1 and S.injects.header then
              txn.http:req_set_header(name, sandbox)
            elseif request.headers[name] then
              txn.http:req_del_header(name)
            end
          end
          for _, list in ipairs(S.carriers.lists) do
            local ours = sandbox and S.injects[list.name] and list.key .. "=" .. sandbox or nil
            carry_member(txn, request, list.name, S.bounds[list.name], list.keys, ours)
          end
          if S.carriers.bare_cookies and request.listener and request.listener.public then
            strip_cookie(txn, request, S.carriers.bare_cookies)
          end
        end

        local function remember(txn, chosen)
          local selector = chosen.selector
          if not selector or selector.kind ~= "query" or not selector.sets or not S.cookie then return end
          local value = chosen.sandbox
          if S.cookie.signed then
            local mark = signature(txn, value)
            if not mark then return end
            value = value .. "." .. mark
          end
          local secure = txn.f:ssl_fc() == 1 and "; Secure" or ""
          txn:set_var("txn.chosen", S.cookie.name .. "=" .. value .. "; Path=/; HttpOnly; SameSite=Lax" .. secure)
        end

        local function set_host(txn, target)
          local way = S.ways[target.scheme]
          local literal = match(target.host_header, "^=(.*)$")
          local is_name = not find(target.host, "^%d+%.%d+%.%d+%.%d+$")
          local authority = target.host
          if target.port ~= way.port then authority = authority .. ":" .. target.port end
          if literal then
            txn:set_var("txn.authority", decoded(literal))
          elseif target.host_header == "target" and is_name then
            txn:set_var("txn.authority", authority)
          end
          if way.encrypted then txn:set_var("txn.sni", literal and match(decoded(literal), "^[^:]*") or target.host) end
        end

        local function set_timeout(txn, request, rule)
          local millis = rule and rule.timeout
          if not millis then
            local accept = joined(request, "accept", ",") or ""
            local content = request.headers["content-type"]
            if find(lower(accept), "text/event-stream", 1, true)
              or content and find(lower(content[0]), "application/grpc", 1, true) == 1 then
              millis = S.bounds.stream_millis
            end
          end
          if millis then txn:set_var("txn.timeout", millis) end
        end

        local function send_on(txn, request, outcome)
          local query = request.query
          for _, name in ipairs(S.carriers.parameters) do
            if query then query = without_parameter(query, name) end
          end
          if outcome.path ~= request.path or query ~= request.query then
            txn:set_var("txn.pathq", outcome.path .. (query and "?" .. query or ""))
          end
          local target = outcome.target
          txn:set_var("txn.backend", outcome.backend)
          txn:set_var("txn.address", target.address)
          txn:set_var("txn.to", target.port)
          set_host(txn, target)
        end

        local function carry_out(txn, request, chosen, outcome, rule)
          txn:set_var("txn.label", outcome.label)
          txn:set_var("txn.shown", (chosen.sandbox or "-") .. "/" .. outcome.label .. " by " .. chosen.word
            .. (rule and ", rule " .. rule.title or "") .. (outcome.fallback and ", fallback" or ""))
          if chosen.conflicts[1] then txn:set_var("txn.conflicts", concat(chosen.conflicts, ", ")) end
          if outcome.sticky then txn:set_var("txn.sticky", outcome.sticky) end
          remember(txn, chosen)
          if outcome.status then
            txn:set_var("txn.message", outcome.message)
            txn:set_var("txn.status", outcome.status)
            if outcome.again then txn:set_var("txn.again", 1) end
          else
            send_on(txn, request, outcome)
            set_timeout(txn, request, rule)
            carry(txn, request, chosen)
            if rule and (rule.request or rule.response) then
              txn:set_priv(rule)
              if rule.request then txn:set_var("txn.change", 1) end
              if rule.response then txn:set_var("txn.finish", 1) end
            end
          end
          txn:set_var("txn.decided", 1)
        end

        -- What failed is answered with 500 by the configuration, since nothing is decided then.
        local complaints = 0

        local function guarded(action)
          return function(txn)
            local is_done, why = pcall(action, txn)
            if is_done or complaints >= S.bounds.complaints then return end
            complaints = complaints + 1
            local file = io.open(S.log, "a")
            if file then
              file:write(os.date("!%Y-%m-%dT%H:%M:%SZ "), tostring(why), "\n")
              file:close()
            end
          end
        end

        core.register_action("decide", { "http-req" }, guarded(function(txn)
          local request = read_request(txn)
          carry_out(txn, request, decide(request))
        end))

        -- A question of our own after a baseline, on the way that its requests take.
        core.register_action("probe", { "http-req" }, guarded(function(txn)
          local request = read_request(txn)
          local service = request.headers["x-berth-probe"][0]
          txn.http:req_del_header("x-berth-probe")
          local chosen = { conflicts = {}, word = "probe" }
          carry_out(txn, request, chosen, reach(service, "baseline", chosen, nil, request.path))
        end))

        core.register_action("change", { "http-req" }, guarded(function(txn)
          local changes = txn:get_priv().request
          for _, name in ipairs(changes.remove) do txn.http:req_del_header(name) end
          for _, pair in ipairs(changes.set) do txn.http:req_set_header(pair[1], pair[2]) end
        end))

        core.register_action("finish", { "http-res" }, guarded(function(txn)
          local changes = txn:get_priv().response
          for _, name in ipairs(changes.remove) do txn.http:res_del_header(name) end
          for _, pair in ipairs(changes.set) do txn.http:res_set_header(pair[1], pair[2]) end
        end))
        """#
}
