using Scitq.Tools.Completion;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>The part of the table that is about the tools themselves, and needs no server.</summary>
internal static class SetupVerbs
{
    private static readonly IReadOnlyList<string> Keys = [.. ClientKey.All.Select(k => k.Name)];

    public static readonly IReadOnlyList<Verb> All =
    [
        new("config", "show", "Every setting of the tools, and where its value comes from; secrets are masked.", "", [],
            ["scitq-manage config show", "scitq-manage config show --json"], ConfigVerbs.ShowAsync),
        new("config", "set", "Keep a setting in your file; without a value, or with -, it is read from standard input.", "KEY [VALUE]", [],
            ["scitq-manage config set server https://scitq.example.org", "scitq-manage config set token - < token.txt"], ConfigVerbs.SetAsync)
            { Choices = Keys },
        new("config", "unset", "Take a setting out of your file.", "KEY", [], ["scitq-manage config unset batch"], ConfigVerbs.UnsetAsync) { Choices = Keys },
        new("config", "path", "Where your file is.", "", [], ["scitq-manage config path"], ConfigVerbs.PathAsync),
        .. CompletionScript.Shells.Select(shell => new Verb(
            "completion", shell, $"The script that completes the command lines of all three programs in {shell}.", "", [], [Example(shell)],
            CompletionScript.Printing(shell))),
    ];

    private static string Example(string shell) => shell switch
    {
        "bash" => "eval \"$(scitq-manage completion bash)\"    # in ~/.bashrc",
        "zsh" => "eval \"$(scitq-manage completion zsh)\"     # in ~/.zshrc, after compinit",
        _ => "scitq-manage completion fish | source         # in ~/.config/fish/config.fish",
    };
}
