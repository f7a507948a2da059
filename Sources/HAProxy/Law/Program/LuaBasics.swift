extension Program {
    /// Texts: as ``CarrierReading`` of the law reads them. A carrier's claim is `nil` for nothing, `false` for what is
    /// no name, or the name.
    static let basics = #"""
        local byte, find, gsub, lower, match, sub = string.byte, string.find, string.gsub, string.lower, string.match, string.sub
        local concat = table.concat

        local function split(text, mark)
          local parts, count, start = {}, 0, 1
          while true do
            local at = find(text, mark, start, true)
            count = count + 1
            if not at then
              parts[count] = sub(text, start)
              return parts, count
            end
            parts[count] = sub(text, start, at - 1)
            start = at + 1
          end
        end

        -- By bytes from the end, since a pattern would try every blank anew.
        local function trimmed(text)
          local first = find(text, "[^ \t]")
          if not first then return "" end
          local last = #text
          while byte(text, last) == 32 or byte(text, last) == 9 do last = last - 1 end
          return sub(text, first, last)
        end

        local function decoded(text)
          if not find(text, "%", 1, true) then return text end
          return (gsub(text, "%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
        end

        local function is_slug(text)
          return #text >= 1 and #text <= 63 and not find(text, "[^a-z0-9-]") and not find(text, "^%-")
            and not find(text, "%-$") and not find(text, "--", 1, true)
        end

        local function ends_with(text, tail) return #text >= #tail and sub(text, -#tail) == tail end

        local function claim(text)
          local name = lower(text)
          if name == "" then return nil end
          return is_slug(name) and name or false
        end

        -- What a request says. Whatever is taken apart more than once is kept in it. The proxy counts the lines of a
        -- header from 0.
        local function joined(request, name, mark)
          local lines = request.headers[name]
          if not lines then return nil end
          if not lines[1] then return lines[0] end
          return concat(lines, mark, 0)
        end

        local function lines_of(request, name)
          local lines = request.headers[name]
          if not lines then return {} end
          return { lines[0], table.unpack(lines) }
        end

        local function members_of(request, name, limits)
          local text = joined(request, name, ",")
          if not text then return nil end
          if #text > limits.bytes then return false end
          local members, count = split(text, ",")
          if count > limits.count then return false end
          return members
        end

        local function key_of(member)
          local equals = find(member, "=", 1, true)
          if not equals then return nil end
          return trimmed(sub(member, 1, equals - 1)), equals
        end

        local function member_claim(request, name, limits, key, read)
          local members = members_of(request, name, limits)
          if not members then return members end
          for _, member in ipairs(members) do
            local found, equals = key_of(member)
            if found == key then return claim(read(sub(member, equals + 1))) end
          end
          return nil
        end

        local function parameters(query)
          if #query > S.bounds.query.bytes then return {} end
          local parts, count = split(query, "&")
          return count <= S.bounds.query.count and parts or {}
        end

        local function parameter_name(part)
          local equals = find(part, "=", 1, true)
          return equals and sub(part, 1, equals - 1) or part
        end

        -- The first value of a parameter.
        local function parameter(query, name)
          for _, part in ipairs(parameters(query)) do
            if parameter_name(part) == name then return decoded(sub(part, #name + 2)) end
          end
          return nil
        end

        local function without_parameter(query, name)
          local kept, is_there = {}, false
          for _, part in ipairs(parameters(query)) do
            if parameter_name(part) == name then is_there = true else kept[#kept + 1] = part end
          end
          if not is_there then return query end
          return kept[1] and concat(kept, "&") or nil
        end

        -- The first cookie of each name; `false` where there are too many.
        local function cookies_of(request)
          local known = request.cookies
          if known ~= nil then return known end
          local text = joined(request, "cookie", ";") or ""
          local parts, count = split(text, ";")
          local cookies = {}
          if #text > S.bounds.cookie.bytes or count > S.bounds.cookie.count then
            cookies = false
          else
            for _, part in ipairs(parts) do
              local name, equals = key_of(part)
              if name and cookies[name] == nil then cookies[name] = trimmed(sub(part, equals + 1)) end
            end
          end
          request.cookies = cookies
          return cookies
        end

        local function signature(txn, name)
          if not S.secret then return nil end
          return lower(txn.c:hex(txn.c:hmac(name, "sha256", txn.c:base64(S.secret))))
        end

        -- Compares in a time that tells nothing of where they differ.
        local function is_equal(one, other)
          if #one ~= #other then return false end
          local difference = 0
          for at = 1, #one do difference = difference | (byte(one, at) ~ byte(other, at)) end
          return difference == 0
        end

        local function signed_name(txn, value)
          local dot = find(value, ".", 1, true)
          if not dot then return nil end
          local name = sub(value, 1, dot - 1)
          local wanted = signature(txn, name)
          return wanted and is_equal(sub(value, dot + 1), wanted) and name or nil
        end

        local function fnv(text)
          local hash = 2166136261
          for at = 1, #text do hash = ((hash ~ byte(text, at)) * 16777619) & 0xffffffff end
          return hash
        end
        """#
}
