using System.Diagnostics.CodeAnalysis;

namespace Scitq.Contracts.Docker;

public sealed partial record DockerRunOptions
{
    /// <summary>
    /// Reads any words and never fails: words that are not options keep their <see cref="Problem"/>. For words from elsewhere (JSON, rows,
    /// journals), where one bad option must not hide what stands beside it.
    /// </summary>
    public static DockerRunOptions Read(IReadOnlyList<string> words)
    {
        if (words.Count == 0) return None;
        var options = new DockerRunOptions(words);
        options.Problem = options.Take(words) ?? options.Contradiction();
        return options;
    }

    /// <summary>Reads the words, or says in one line why they are not options of <c>docker run</c> that a task may use.</summary>
    public static bool TryParse(IReadOnlyList<string> words, [NotNullWhen(true)] out DockerRunOptions? options, [NotNullWhen(false)] out string? problem)
    {
        var read = Read(words);
        problem = read.Problem;
        options = problem is null ? read : null;
        return problem is null;
    }

    private string? Take(IReadOnlyList<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (word is null || word.Contains('\0')) return "the docker options hold a NUL byte.";
            if (word.Length < 2 || word[0] != '-' || word == "--")
                return $"docker option '{word}' is no option: give options only, the image and the command have places of their own.";
            if ((word[1] == '-' ? ReadLong(words, ref i) : ReadShort(words, ref i)) is { } problem) return problem;
        }

        return null;
    }

    // --name value, --name=value; a flag's value only with '='.
    private string? ReadLong(IReadOnlyList<string> words, ref int i)
    {
        var word = words[i];
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? word : word[..equals];
        if (!Options.TryGetValue(name, out var option)) return Unknown(name);
        if (equals >= 0) return Apply(option, name, word[(equals + 1)..]);
        if (option.Flag) return Apply(option, name, "true");
        return ++i < words.Count ? Apply(option, name, words[i]) : $"docker option {name} wants a value.";
    }

    // -n value, -nvalue, -n=value, and flags in a bundle before the last one.
    private string? ReadShort(IReadOnlyList<string> words, ref int i)
    {
        var word = words[i];
        for (var at = 1; at < word.Length; at++)
        {
            var name = "-" + word[at];
            if (!Options.TryGetValue(name, out var option)) return Unknown(name);
            var rest = word[(at + 1)..];
            if (rest.StartsWith('=')) return Apply(option, name, rest[1..]);
            if (!option.Flag)
            {
                if (rest.Length > 0) return Apply(option, name, rest);
                return ++i < words.Count ? Apply(option, name, words[i]) : $"docker option {name} wants a value.";
            }

            if (Apply(option, name, "true") is { } problem) return problem;
        }

        return null;
    }

    private string? Apply(Option option, string name, string value)
    {
        if (value is null || value.Contains('\0')) return "the docker options hold a NUL byte.";
        if (option.Read(this, value) is { } why) return option.Refused ? $"docker option {name} is refused: {why}" : $"docker option {name} '{value}' {why}";
        if (!option.Refused && option.Means) _given.Add(option.Name);
        return null;
    }

    private static string Unknown(string name) =>
        $"docker option {name} is not known: see docs/docker.md for the options of 'docker run' a task can use.";

    private string? Contradiction()
    {
        if (MemorySwap > 0 && Memory is null) return "docker option --memory-swap needs --memory beside it.";
        if (MemorySwap > 0 && MemorySwap < Memory) return "docker option --memory-swap is smaller than --memory; it is the sum of memory and swap.";
        if (MemoryReservation > Memory) return "docker option --memory-reservation is larger than --memory.";
        if (NanoCpus is not null && (CpuPeriod is not null || CpuQuota is not null))
            return "docker option --cpus can't be given with --cpu-period or --cpu-quota.";
        if (Network == "host" && Hostname is not null && Uts is not null) return "docker option --hostname can't be given with --uts.";
        if (OomKillDisable == true && Memory is null) return "docker option --oom-kill-disable needs --memory: without it the task could stall the worker.";
        var targets = _volumes.Select(v => v.Target).Concat(_mounts.Select(m => m.Target)).Concat(_tmpfs.Keys);
        var twice = targets.Select(t => t.TrimEnd('/')).GroupBy(t => t, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        return twice is null ? null : $"docker options mount '{twice.Key}' twice.";
    }
}
