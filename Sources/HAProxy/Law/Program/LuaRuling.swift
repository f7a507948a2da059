extension Program {
    /// Rules as ``RuleText`` writes them, and which of them a request matches: `RouteMatch.takes` of the law.
    static let ruling = #"""
        local function items(field)
          if field == "" then return {} end
          return (split(field, ","))
        end

        local function tests(field)
          local found = {}
          for at, item in ipairs(items(field)) do
            local parts = split(item, ":")
            found[at] = { name = decoded(parts[1]), kind = sub(parts[2], 1, 1), text = decoded(sub(parts[2], 2)) }
          end
          return found
        end

        local function changes(set, remove)
          local found = { set = {}, remove = {} }
          for at, item in ipairs(items(set)) do
            local parts = split(item, ":")
            found.set[at] = { decoded(parts[1]), decoded(parts[2]) }
          end
          for at, item in ipairs(items(remove)) do found.remove[at] = decoded(item) end
          if set == "" and remove == "" then return nil end
          return found
        end

        local function read_rule(text)
          local fields, count = split(text, "|")
          if count ~= 16 then error("a rule of " .. count .. " fields") end
          local rule = {
            title = decoded(fields[1]),
            host_kind = sub(fields[2], 1, 1), host = decoded(sub(fields[2], 2)),
            path_kind = sub(fields[3], 1, 1), path = decoded(sub(fields[3], 2)),
            method = fields[4] ~= "" and decoded(fields[4]) or nil,
            headers = tests(fields[5]), cookies = tests(fields[6]), query = tests(fields[7]),
            backends = {}, total = 0,
            sticky = fields[9] ~= "" and decoded(fields[9]) or nil,
            rewrite_kind = sub(fields[10], 1, 1), rewrite = decoded(sub(fields[10], 2)),
            request = changes(fields[11], fields[12]), response = changes(fields[13], fields[14]),
            timeout = tonumber(fields[15]),
            fallback = { unhealthy = find(fields[16], "u", 1, true), suspended = find(fields[16], "s", 1, true) },
          }
          for _, item in ipairs(items(fields[8])) do
            local parts = split(item, ":")
            local weight = tonumber(parts[3])
            if weight > 0 then
              rule.backends[#rule.backends + 1] = { service = parts[1], use = parts[2], weight = weight }
              rule.total = rule.total + weight
            end
          end
          return rule
        end

        -- Rules by what they are, so that a set that is read once stays right: its name is the digest of its content.
        local sets, set_count = {}, 0

        local function read_set(name)
          local digest, count = match(name, "^(%x+)/(%d+)$")
          count = tonumber(count)
          if not digest or count > S.bounds.rules then error("rules that are no rules") end
          local set = { by_host = {}, others = {}, rules = {} }
          for index = 1, count do
            local text = T.rules:lookup(digest .. "/" .. (index - 1))
            if not text then return nil end
            local rule = read_rule(text)
            set.rules[index] = rule
            if rule.host_kind == "=" then
              local list = set.by_host[rule.host] or {}
              set.by_host[rule.host] = list
              list[#list + 1] = index
            else
              set.others[#set.others + 1] = index
            end
          end
          return set
        end

        -- The rules of a scope; `nil` where it has none. Old rules go once their scope leads to others, so that what is
        -- not there any more is asked for again.
        local function rules_of(scope)
          for _ = 1, 3 do
            local name = T.scopes:lookup(scope)
            if not name then return nil end
            local set = sets[name]
            if set then return set end
            set = read_set(name)
            if set then
              if set_count >= S.bounds.sets then sets, set_count = {}, 0 end
              sets[name] = set
              set_count = set_count + 1
              return set
            end
          end
          error("the rules of " .. scope .. " are damaged")
        end

        -- `x` before it tells an empty text that matches from one that does not. A pattern that tries too long matches
        -- nothing: it would hold up everybody's requests.
        local function matches(txn, pattern, text)
          return txn.c:regsub("x" .. text, S.bounds.regex .. "(*ANYCRLF)\\Ax(?:" .. pattern .. ")\\z", "") == ""
        end

        local function passes(txn, test, values)
          if test.kind == "?" then return values[1] ~= nil end
          for _, value in ipairs(values) do
            if test.kind == "=" then
              if value == test.text then return true end
            elseif matches(txn, test.text, value) then
              return true
            end
          end
          return false
        end

        local nothing = {}

        local function takes(rule, request, is_inside)
          local kind = rule.host_kind
          if kind == "*" then
            if is_inside then return false end
          elseif kind == "." then
            if not ends_with(request.host, "." .. rule.host) then return false end
          elseif request.host ~= rule.host then
            return false
          end
          kind = rule.path_kind
          if kind == "=" then
            if request.path ~= rule.path then return false end
          elseif kind == "^" then
            if request.path ~= rule.path and sub(request.path, 1, #rule.path + 1) ~= rule.path .. "/" then return false end
          elseif kind == "~" then
            if not matches(request.txn, rule.path, request.path) then return false end
          end
          if rule.method and rule.method ~= request.txn.f:method() then return false end
          for _, test in ipairs(rule.headers) do
            if not passes(request.txn, test, lines_of(request, test.name)) then return false end
          end
          if rule.cookies[1] then
            local cookies = cookies_of(request)
            if not cookies then return false end
            for _, test in ipairs(rule.cookies) do
              if not passes(request.txn, test, { cookies[test.name] }) then return false end
            end
          end
          for _, test in ipairs(rule.query) do
            if not passes(request.txn, test, { parameter(request.query or "", test.name) }) then return false end
          end
          return true
        end

        -- In order of precedence: those of the host and the others, merged by their numbers.
        local function first_rule(scope, request, is_inside)
          local set = rules_of(scope)
          if not set then return nil end
          local named, others = set.by_host[request.host] or nothing, set.others
          local left, right = 1, 1
          while true do
            local one, other = named[left], others[right]
            local index
            if one and (not other or one < other) then
              index, left = one, left + 1
            elseif other then
              index, right = other, right + 1
            else
              return nil
            end
            local rule = set.rules[index]
            if takes(rule, request, is_inside) then return rule end
          end
        end
        """#
}
