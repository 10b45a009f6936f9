using Scitq.Tools.CommandLine;
using Scitq.Tools.Fetch;
using Scitq.Tools.Launch;
using Scitq.Tools.Manage;

namespace Scitq.Tools;

/// <summary>The tables of the three programs, in one form.</summary>
internal static class Programs
{
    public static ProgramTable Launch { get; } =
        new(LaunchCommand.Program, LaunchOptions.Usage, LaunchOptions.Summary, LaunchOptions.All) { Examples = LaunchOptions.Examples };

    public static ProgramTable Fetch { get; } = new(FetchCommand.Program, FetchHelp.Usage, FetchHelp.Summary, FetchVerb.Global)
    {
        Text = FetchHelp.Places,
        Commands = [.. FetchVerb.All.Select(v => new SubCommand([v.Name], v.Summary, v.Operands, v.Options, v.Examples))],
    };

    public static ProgramTable Manage { get; } = new(ManageCommand.Program, ManageHelp.Usage, ManageHelp.Summary, GlobalOptions.All)
    {
        Examples = ManageHelp.Examples,
        Commands =
        [
            .. Verbs.All.Select(v => new SubCommand(v.Name.Length > 0 ? [v.Object, v.Name] : [v.Object], v.Summary, v.Operands, v.Options, v.Examples)
            {
                Alias = v.Alias,
                Choices = v.Choices,
            }),
        ],
    };

    public static IReadOnlyList<ProgramTable> All => [Launch, Manage, Fetch];
}
