using System.Text.RegularExpressions;
using Scitq.Tools;
using Scitq.Tools.CommandLine;

namespace Scitq.Tests.Unit.Tools;

/// <summary>The examples of the help texts, as the words that a shell would make of them.</summary>
internal static partial class Examples
{
    /// <summary>Null where it is a line for the shell rather than one of our commands.</summary>
    public static string[]? Words(string example)
    {
        if (!example.StartsWith("scitq-", StringComparison.Ordinal)) return null;
        // What follows is the shell's: a redirection, a pipe, a comment.
        var words = Word().Matches(example).Select(m => m.Value).TakeWhile(w => w is not (">" or "<" or "|" or "#"));
        return [.. words.Skip(1).Select(w => w.Replace("'", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal))];
    }

    /// <summary>All of them, with the table of the program and its command.</summary>
    public static IEnumerable<(ProgramTable Program, SubCommand? Command, string Example)> All() =>
        Programs.All.SelectMany(p => p.Examples.Select(e => (p, (SubCommand?)null, e))
            .Concat(p.Commands.SelectMany(c => c.Examples.Select(e => (p, (SubCommand?)c, e)))));

    [GeneratedRegex("""(?:'[^']*'|"[^"]*"|[^\s'"])+""")]
    private static partial Regex Word();
}
