using System.Text;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Completion;

/// <summary>
/// What the shells' scripts call: <c>complete SHELL -- PROGRAM WORD… CURRENT</c> prints the words that may stand in the place of CURRENT, one a line,
/// with their meaning after a tab. A line <c>:files</c> or <c>:programs</c> asks the shell for those.
/// </summary>
internal static class CompleteCommand
{
    public static async Task<int> RunAsync(string[] args, ToolIo io)
    {
        if (args is not [var shell, "--", var called, .. { Length: > 0 } rest]) throw new UsageException("complete is called by the shells' scripts");
        List<string> words = [.. rest];
        if (shell == "bash") words = Joined([.. words.Select(Unquoted)]);
        if (Programs.All.FirstOrDefault(p => p.Name == Path.GetFileName(called)) is not { } program) return ExitCodes.Done;
        var line = new UnfinishedLine(program, words.SkipLast(1));
        var expected = line.At(words[^1]);
        if (expected.Kind is Kind.Files or Kind.Programs) io.Out.WriteLine(expected.Kind == Kind.Files ? ":files" : ":programs");
        var candidates = expected.Kind switch
        {
            Kind.Words => expected.Words,
            Kind.Batches or Kind.Workers or Kind.WorkerNumbers or Kind.Tasks => await ServerNames.FindAsync(expected, line.Given, io),
            _ => [],
        };
        // bash takes --option=value for three words and completes the last alone.
        var before = shell == "bash" ? "" : expected.Before;
        foreach (var (word, help) in candidates)
        {
            if (!word.StartsWith(expected.Typed, StringComparison.Ordinal) || word.Length == 0 || word[0] == ':' || word.Any(Display.IsUnsafe)) continue;
            io.Out.WriteLine(shell == "bash" || help.Length == 0 ? before + word : $"{before}{word}\t{Display.Clean(help)}");
        }

        return ExitCodes.Done;
    }

    /// <summary>Puts together what bash has cut at <c>=</c>.</summary>
    private static List<string> Joined(IReadOnlyList<string> words)
    {
        var joined = new List<string>();
        for (var i = 0; i < words.Count; i++)
        {
            var isCut = words[i] == "=" && joined.Count > 0 && joined[^1].StartsWith("--", StringComparison.Ordinal);
            if (!isCut) joined.Add(words[i]);
            else joined[^1] += "=" + (++i < words.Count ? words[i] : "");
        }

        return joined;
    }

    /// <summary>bash tells words as they were typed. A quote may still be open.</summary>
    private static string Unquoted(string word)
    {
        var text = new StringBuilder();
        var quote = '\0';
        for (var i = 0; i < word.Length; i++)
        {
            if (word[i] == quote) quote = '\0';
            else if (quote == '\0' && word[i] is '\'' or '"') quote = word[i];
            else if (word[i] == '\\' && quote != '\'' && i + 1 < word.Length) text.Append(word[++i]);
            else text.Append(word[i]);
        }

        return text.ToString();
    }
}
