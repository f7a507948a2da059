extension Program {
    /// Which sandbox a request is for: `Selecting` of the law.
    static let selecting = #"""
        local readers = {}

        function readers.port(request)
          if not request.on_sandbox_port then return nil end
          return request.holder
        end
        function readers.network(request) return request.resident end
        function readers.host(request) return request.host_sandbox end
        function readers.header(request, selector)
          local lines = request.headers[selector.name]
          if not lines then return nil end
          if #lines[0] > S.bounds.value then return false end
          return claim(trimmed(lines[0]))
        end
        function readers.baggage(request, selector)
          return member_claim(request, "baggage", S.bounds.baggage, selector.name, function(text)
            return decoded(trimmed(match(text, "^[^;]*")))
          end)
        end
        function readers.tracestate(request, selector)
          return member_claim(request, "tracestate", S.bounds.tracestate, selector.name, trimmed)
        end
        function readers.query(request, selector)
          if not request.query then return nil end
          local value = parameter(request.query, selector.name)
          if value then return claim(value) end
          if #request.query > S.bounds.query.bytes then return false end
          return nil
        end
        function readers.cookie(request, selector)
          local cookies = cookies_of(request)
          if not cookies then return false end
          local value = cookies[selector.name]
          if not value or value == "" then return nil end
          if not selector.signed then return claim(value) end
          if #value > S.bounds.value then return false end
          local name = signed_name(request.txn, value)
          if not name then return false end
          return claim(name)
        end

        local function read_host(host)
          if not S.domain or not ends_with(host, "." .. S.domain) then return nil end
          local labels, count = split(sub(host, 1, #host - #S.domain - 1), ".")
          if count > 2 then return nil end
          for _, label in ipairs(labels) do if not is_slug(label) then return nil end end
          return labels[count], count == 2 and labels[1] or nil
        end

        -- A network's entry is `sandbox|bridge address`.
        local function read_network(request)
          local entry = request.source and T.networks:lookup(request.source)
          if not entry then return end
          local name, bridge = match(entry, "^([^|]*)|(.*)$")
          if not name or not T.sandboxes:lookup(name) then return end
          request.resident = name
          if S.inside[request.port] and bridge == request.txn.sf:dst() then request.caller = name end
        end

        local function read_port(request)
          local kind = request.listener and request.listener.kind
          request.on_sandbox_port = kind == "sandboxes" and not request.caller
          if request.on_sandbox_port then
            local holder = T.ports:lookup(tostring(request.port))
            if holder and T.sandboxes:lookup(holder) then request.holder = holder end
          end
        end

        local function listener_of(port)
          for _, listener in ipairs(S.listeners) do
            if listener.kind ~= "inside" and port >= listener.first and port <= listener.last then return listener end
          end
          if S.inside[port] then return S.inside[port] end
          return nil
        end

        local function choose(request)
          local chosen = { conflicts = {}, word = "default" }
          local host_sandbox, host_service = read_host(request.host)
          request.host_sandbox = host_sandbox
          request.listener = listener_of(request.port)
          read_network(request)
          read_port(request)
          if request.caller then
            chosen.inside = true
            chosen.service = is_slug(request.host) and request.host or nil
            chosen.sandbox, chosen.word = request.caller, "network"
          else
            chosen.service = host_service
          end
          local is_public = request.listener and request.listener.public
          for _, selector in ipairs(S.selection) do
            if not (is_public and selector.untrusted) then
              local name = readers[selector.kind](request, selector)
              if name == false then
                chosen.conflicts[#chosen.conflicts + 1] = selector.kind .. "=?"
              elseif name then
                local admitted = T.sandboxes:lookup(name)
                if admitted and not chosen.sandbox then
                  chosen.sandbox, chosen.word, chosen.selector = name, selector.kind, selector
                elseif chosen.sandbox ~= name then
                  chosen.conflicts[#chosen.conflicts + 1] = selector.kind .. "=" .. name .. (admitted and "" or "?")
                end
              end
            end
          end
          return chosen
        end
        """#
}
