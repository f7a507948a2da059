extension Program {
    /// What becomes of a request: `Decision` of the law.
    static let deciding = #"""
        local function refuse(status, label, message)
          return { status = status, label = label, message = message }
        end

        -- A route's entry; see ``RouteText``. What one says never changes, so that it is read once.
        local targets, target_count = {}, 0

        local function parse_target(text)
          if text == "starting" or text == "suspended" then return { state = text, label = text } end
          local fields, count = split(text, "|")
          if count ~= 9 then return nil end
          local port = tonumber(fields[4])
          if not S.ways[fields[2]] or not port or port < 1 or port > 65535 then return nil end
          local is_resolved = find(fields[3], "^%d+%.%d+%.%d+%.%d+$")
          if not is_resolved and fields[3] ~= "-" then return nil end
          return {
            state = fields[1], scheme = fields[2], address = is_resolved and fields[3], port = port, host = fields[5],
            label = fields[6], host_header = fields[7], trust = fields[8],
          }
        end

        local function read_target(text)
          local target = targets[text]
          if target then return target end
          target = parse_target(text)
          if not target then return nil end
          if target_count >= S.bounds.targets then targets, target_count = {}, 0 end
          targets[text] = target
          target_count = target_count + 1
          return target
        end

        local fallback_of = { failing = "unhealthy", starting = "unhealthy", suspended = "suspended" }

        local function forward(target, key, path)
          if not target.address then
            return refuse(502, target.label, "cannot resolve " .. target.host .. ", where route " .. key .. " leads")
          end
          local way = S.ways[target.scheme]
          local backend = way.backend
          if way.encrypted then
            local trust = S.trust[target.trust]
            if not trust then
              return refuse(503, target.label, "the gateway does not have the certificates that route " .. key
                .. " is to be verified by; name them in the gateway")
            end
            backend = trust .. way.suffix
          end
          return { target = target, label = target.label, path = path, backend = backend }
        end

        local function reach(service, use, chosen, fallback, path)
          local sandbox = chosen.sandbox
          local shared, key, text = ":" .. service, nil, nil
          if sandbox and use ~= "baseline" then
            key = sandbox .. shared
            text = T.routes:lookup(key)
          end
          if not text and use ~= "sandbox" then
            key = shared
            text = T.routes:lookup(key)
          end
          if not text then
            return refuse(404, "-", "no route for service " .. service .. " in sandbox " .. (sandbox or "-"))
          end
          local target = read_target(text)
          if not target then return refuse(503, "-", "the route of " .. key .. " is damaged") end
          local reason = fallback_of[target.state]
          if key ~= shared and reason and fallback and fallback[reason] then
            local other = T.routes:lookup(shared)
            local baseline = other and read_target(other)
            if baseline and baseline.host then
              local outcome = forward(baseline, shared, path)
              outcome.fallback = true
              return outcome
            end
          end
          if target.state == "starting" then
            local outcome = refuse(503, "starting", "service " .. service .. " of sandbox " .. (sandbox or "-") .. " is starting")
            outcome.again = true
            return outcome
          end
          if target.state == "suspended" then
            return refuse(503, "suspended", "sandbox " .. (sandbox or "-") .. " is suspended")
          end
          return forward(target, key, path)
        end

        local function rewritten(rule, path)
          if rule.rewrite_kind == "=" then return rule.rewrite end
          if rule.rewrite_kind ~= "^" then return path end
          local start = gsub(rule.rewrite, "/$", "")
          if rule.path_kind ~= "^" then return start == "" and "/" or start end
          local new = start .. sub(path, #rule.path + 1)
          return new == "" and "/" or new
        end

        local function random_hex()
          return string.format("%04x%04x", math.random(0, 65535), math.random(0, 65535))
        end

        local function follow(rule, chosen, request)
          if not rule.backends[1] then return refuse(503, "-", "rule " .. rule.title .. " sends nothing anywhere") end
          local rest, sticky = 0, nil
          if rule.backends[2] then
            if rule.sticky then
              local cookies = cookies_of(request)
              local value = cookies and cookies[rule.sticky]
              if not value or value == "" then
                value = random_hex()
                sticky = rule.sticky .. "=" .. value .. "; Path=/"
              end
              rest = fnv(value) % rule.total
            else
              rest = math.random(0, rule.total - 1)
            end
          end
          for _, backend in ipairs(rule.backends) do
            if rest < backend.weight then
              local outcome = reach(backend.service, backend.use, chosen, rule.fallback, rewritten(rule, request.path))
              outcome.sticky = sticky
              return outcome
            end
            rest = rest - backend.weight
          end
          error("weights that do not add up")
        end

        local function find_service(chosen, request)
          if chosen.service then return reach(chosen.service, "auto", chosen, nil, request.path) end
          local first, rest = match(request.path, "^/([^/]*)(.*)$")
          if not first or not is_slug(first) then return refuse(404, "-", "the path names no service") end
          return reach(first, "auto", chosen, nil, rest == "" and "/" or rest)
        end

        local function is_circling(request)
          local passes = joined(request, "via", ",")
          if not passes then return false end
          if #passes > S.bounds.via then return true end
          local count = 0
          for _, pass in ipairs((split(passes, ","))) do
            if ends_with(trimmed(pass), " berth-" .. S.gateway) then count = count + 1 end
          end
          return count >= S.bounds.hops
        end

        local function decide(request)
          local chosen = choose(request)
          if is_circling(request) then return chosen, refuse(508, "-", "the request goes in a circle") end
          if request.on_sandbox_port and not request.holder then
            return chosen, refuse(404, "-", "no sandbox on port " .. request.port)
          end
          if not request.caller and request.listener and request.listener.kind == "inside" then
            return chosen, refuse(404, "-", "port " .. request.port .. " is for calls out of sandboxes")
          end
          local rule = chosen.sandbox and first_rule(chosen.sandbox, request, chosen.inside)
          rule = rule or first_rule("*", request, chosen.inside)
          if rule then return chosen, follow(rule, chosen, request), rule end
          return chosen, find_service(chosen, request)
        end
        """#
}
