using Scitq.Contracts;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;

namespace Scitq.Tools.Server;

/// <summary>A setting of the client programs that a file or the environment can hold.</summary>
/// <param name="Name">The member of the file.</param>
/// <param name="Option">The option of the same meaning, if there is one.</param>
/// <param name="Default">What holds where nobody says anything.</param>
internal sealed record ClientKey(string Name, string? Option, string? Default = null)
{
    public static readonly IReadOnlyList<ClientKey> All =
    [
        new("server", "server", "127.0.0.1") { Problem = text => Refusal(() => ServerAddress.Parse(text)) },
        new("server_file", "server-file") { IsPath = true },
        new("token", null) { IsSecret = true },
        new("token_file", "token-file") { IsPath = true },
        new("insecure", "insecure", "false") { Choices = ["true", "false"] },
        new("timeout", "timeout")
        {
            Problem = text => Duration.TryParse(text, out var seconds) && seconds > 0 ? null : $"'{text}' is not a positive duration: {Duration.Form}",
        },
        new("format", "format") { Choices = Formats.Names },
        new("batch", null, BatchName.Default) { Problem = text => BatchName.Problem(text)?.TrimEnd('.') },
        new("bus_ca", null) { IsPath = true },
        new("bus_cert", null) { IsPath = true },
        new("bus_key", null) { IsPath = true },
    ];

    public static string Names => string.Join(", ", All.Select(k => k.Name));

    /// <summary>Never shown.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Whether it names a file; a relative one would be another for each directory.</summary>
    public bool IsPath { get; init; }

    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What is wrong with a value; null if nothing is.</summary>
    public Func<string, string?> Problem { get; init; } = _ => null;

    /// <summary>The environment variable that goes before the files.</summary>
    public string Variable => $"SCITQ_{Name.ToUpperInvariant()}";

    public static ClientKey Of(string name) => All.FirstOrDefault(k => k.Name == name)
        ?? throw new UsageException($"there is no setting '{name}'{Near.DidYouMean(name, All.Select(k => k.Name))}", $"Known: {Names}");

    /// <summary>The value to keep, after it was seen to make sense.</summary>
    public string Checked(string text)
    {
        var problem = text.Length == 0 ? "an empty text says nothing"
            : Choices.Count > 0 && !Choices.Contains(text) ? $"'{text}' is none of {string.Join(", ", Choices)}{Near.DidYouMean(text, Choices)}"
            : Problem(text);
        return problem is null ? IsPath ? Path.GetFullPath(text) : text : throw new UsageException($"setting {Name}: {problem}");
    }

    private static string? Refusal(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (UsageException e)
        {
            return e.Message;
        }
    }
}
