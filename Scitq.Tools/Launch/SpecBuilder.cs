using System.Globalization;
using System.Text.RegularExpressions;
using Scitq.Contracts;
using Scitq.Contracts.Docker;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Launch;

/// <summary>From options and words to a task; the words of the command are never changed.</summary>
internal sealed partial class SpecBuilder
{
    private static readonly char[] Blanks = [' ', '\t', '\n', '\r'];

    private readonly ParsedLine _line;
    private readonly string _defaultBatch;
    private readonly IReadOnlyList<string> _dockerOptions = [];

    public SpecBuilder(ParsedLine line, string? defaultBatch)
    {
        (_line, _defaultBatch) = (line, defaultBatch ?? BatchName.Default);
        if (line.Value("option") is not { } options) return;
        if (!ShellWords.TrySplit(options, out _dockerOptions, out var problem))
            throw new UsageException($"docker options '{options}' cannot be split into words: the text {problem}");
    }

    /// <summary>The task; <paramref name="fill"/> puts an entry's values into every text.</summary>
    public TaskSpec Build(Func<string, string>? fill = null)
    {
        if (_line.Has("option") && !_line.Has("docker")) throw new UsageException("docker options (-O) were given without a docker image (-d)");
        var spec = Read(fill);
        return TaskSpecRules.Problem(spec) is { } defect ? throw new UsageException(defect) : spec;
    }

    /// <summary>What the options say by themselves, though it may make no task.</summary>
    public TaskSpec Read(Func<string, string>? fill = null)
    {
        fill ??= static text => text;
        string? Filled(string option) => _line.Value(option) is { } text ? fill(text) : null;
        var words = _line.Operands.Select(fill);
        return new TaskSpec
        {
            Argv = _line.Has("shell") ? ["sh", "-c", string.Join(' ', words)] : [.. words],
            Batch = Filled("batch") ?? _defaultBatch,
            Name = Filled("name") is { Length: > 0 } name ? name : null,
            Image = Filled("docker"),
            DockerOptions = DockerRunOptions.Read([.. _dockerOptions.Select(fill)]),
            Uid = Number("uid", Filled("uid")),
            Gid = Number("gid", Filled("gid")),
            Inputs = Uris("input", fill),
            Resources = Uris("resource", fill),
            Output = Filled("output") is { } output ? DataUri.Read(output) : null,
            Priority = Number("priority", Filled("priority")),
            Retry = Number("retry", Filled("retry")) ?? 0,
            RunTimeout = Seconds("run-timeout", Filled("run-timeout")),
            DownloadTimeout = Seconds("download-timeout", Filled("download-timeout")),
            Requirements = [.. _line.All("requirements").SelectMany(ids => TaskIds("-R", fill(ids)))],
            AfterAny = [.. _line.All("after-any").SelectMany(ids => TaskIds("--after-any", fill(ids)))],
            OnRequirementFailure = OnFailure(Filled("on-requirement-failure")),
            UseCache = _line.Has("use-cache"),
            StrictOutput = _line.Has("strict-output"),
            Env = Environment(fill),
            Secrets = [.. _line.All("secret").Select(fill)],
            MaskSecrets = _line.Has("mask-secrets"),
        };
    }

    /// <summary>
    /// Each occurrence may hold several URIs: one begins where, after blanks, a scheme or a column's value stands, so that a name may
    /// hold blanks. An entry's value is filled in afterwards and stays whole.
    /// </summary>
    private List<DataUri> Uris(string option, Func<string, string> fill) =>
        [.. _line.All(option).SelectMany(v => BetweenUris().Split(v.Trim(Blanks))).Select(fill).Where(v => v.Length > 0).Select(DataUri.Read)];

    [GeneratedRegex(@"[ \t\r\n]+(?=[A-Za-z][A-Za-z0-9+@_]*://|\{)")]
    private static partial Regex BetweenUris();

    private static RequirementFailure? OnFailure(string? text) => text switch
    {
        null => null,
        "wait" => RequirementFailure.Wait,
        "cancel" => RequirementFailure.Cancel,
        _ => throw new UsageException($"option --on-requirement-failure '{text}' is neither wait nor cancel"),
    };

    private static IEnumerable<string> TaskIds(string option, string ids)
    {
        if (ids.Trim(Blanks).Length == 0) return [];
        var parts = ids.Split(',', StringSplitOptions.TrimEntries);
        return parts.Contains("")
            ? throw new UsageException(
                $"option {option} '{ids}' has nothing between two commas, or beside one", $"Give ids as {option} '12 15' or {option} 12,15.")
            : parts.SelectMany(part => part.Split(Blanks, StringSplitOptions.RemoveEmptyEntries));
    }

    private Dictionary<string, string> Environment(Func<string, string> fill)
    {
        var variables = new Dictionary<string, string>();
        foreach (var text in _line.All("env"))
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new UsageException($"option -e '{text}' is not NAME=VALUE");
            variables[fill(text[..equals])] = fill(text[(equals + 1)..]);
        }

        return variables;
    }

    private static int? Number(string option, string? text)
    {
        if (text is null) return null;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new UsageException($"option --{option} '{text}' is not a whole number");
    }

    private static int? Seconds(string option, string? text)
    {
        if (text is null) return null;
        return Duration.TryParse(text, out var seconds) && seconds > 0
            ? seconds
            : throw new UsageException($"option --{option} '{text}' is not a positive duration: {Duration.Form} (leave it out for none)");
    }
}
