using Scitq.Tools.Manage;

namespace Scitq.Tools.Completion;

/// <summary>The scripts that make shells complete our command lines: one a shell, for all three programs.</summary>
internal static class CompletionScript
{
    public static readonly IReadOnlyList<string> Shells = ["bash", "zsh", "fish"];

    public static string Read(string shell)
    {
        using var stream = typeof(CompletionScript).Assembly.GetManifestResourceStream($"scitq.{shell}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The verb that prints it.</summary>
    public static Func<ManageContext, Task<int>> Printing(string shell) => context =>
    {
        context.Io.Out.Write(Read(shell));
        return Task.FromResult(ExitCodes.Done);
    };
}
