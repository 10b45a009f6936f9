namespace Scitq.Tools.CommandLine;

/// <summary>
/// Takes a command line apart by a table of options: short and long, bundled (<c>-tb x</c>), <c>--name=value</c>, with
/// <c>--</c> for the end. An option takes exactly one value, so a repeatable one can never eat the words of a command.
/// </summary>
internal static class Splitter
{
    /// <summary>Splits; with <paramref name="permute"/> options may follow operands, without it the first operand ends the options.</summary>
    public static ParsedLine Split(IReadOnlyList<string> args, IReadOnlyList<Option> options, bool permute)
    {
        var line = new ParsedLine();
        var operands = new List<string>();
        var i = 0;
        for (; i < args.Count; i++)
        {
            var arg = args[i];
            if (arg == "--")
            {
                line.Ended = true;
                i++;
                break;
            }

            if (arg.Length < 2 || arg[0] != '-')
            {
                if (!permute) break;
                operands.Add(arg);
            }
            else if (arg[1] == '-')
            {
                var equals = arg.IndexOf('=', StringComparison.Ordinal);
                var name = equals < 0 ? arg[2..] : arg[2..equals];
                var option = FindLong(options, name)
                    ?? throw new UsageException($"unknown option --{name}{Near.DidYouMean(name, options.Select(o => o.Long), "--")}");
                if (option.Value is null && equals >= 0) throw new UsageException($"option --{name} takes no value");
                Add(line, option, arg, option.Value is null ? "" : equals >= 0 ? arg[(equals + 1)..] : Next($"--{name}"));
            }
            else
            {
                for (var k = 1; k < arg.Length; k++)
                {
                    var option = FindShort(options, arg[k]) ?? throw new UsageException($"unknown option -{arg[k]}{(arg.Length > 2 ? $" in '{arg}'" : "")}");
                    if (option.Value is null)
                    {
                        Add(line, option, $"-{arg[k]}", "");
                        continue;
                    }

                    Add(line, option, $"-{arg[k]}", k + 1 < arg.Length ? arg[(k + 1)..] : Next($"-{arg[k]}"));
                    break;
                }
            }
        }

        line.Operands = [.. operands, .. args.Skip(i)];
        if (line.Ended) line.AfterEnd = [.. args.Skip(i)];
        return line;

        // A value may start with a dash, but a whole option in its place shows that the value was forgotten.
        string Next(string option)
        {
            if (++i >= args.Count) throw new UsageException($"option {option} requires at least one argument");
            var value = args[i];
            var isOption = value == "--" || (value.Length == 2 && value[0] == '-' && FindShort(options, value[1]) is not null)
                || (value.StartsWith("--", StringComparison.Ordinal) && FindLong(options, value[2..]) is not null);
            return isOption
                ? throw new UsageException(
                    $"option {option} requires at least one argument, but the option {value} follows",
                    option.StartsWith("--", StringComparison.Ordinal) ? $"If '{value}' is meant: {option}={value}" : $"If '{value}' is meant: {option}{value}")
                : value;
        }
    }

    private static void Add(ParsedLine line, Option option, string typed, string value)
    {
        if (option.Given == Given.Once && line.Has(option.Long)) throw new UsageException($"option {typed.Split('=', 2)[0]} was set twice");
        line.Add(option.Long, value);
    }

    private static Option? FindLong(IReadOnlyList<Option> options, string name)
    {
        foreach (var option in options)
            if (option.Long == name || option.Alias == name) return option;
        return null;
    }

    private static Option? FindShort(IReadOnlyList<Option> options, char letter)
    {
        foreach (var option in options)
            if (option.Short == letter) return option;
        return null;
    }
}
