using Scitq.Tools.CommandLine;
using Scitq.Tools.Completion;

namespace Scitq.Tools.Manual;

/// <summary>Manual pages and completion, laid out as below <c>/usr/share</c>; the build makes them.</summary>
internal static class SharedFiles
{
    public static int Write(IReadOnlyList<string> args, ToolIo io)
    {
        if (args is not [var directory]) throw new UsageException("share takes one directory, such as /usr/local/share");
        foreach (var program in Programs.All)
        {
            using (var page = Open(directory, "man/man1", $"{program.Name}.1")) ManPage.Write(page, program, io.Clock.GetUtcNow());
            Copy("bash-completion/completions", program.Name, "bash");
            Copy("fish/vendor_completions.d", $"{program.Name}.fish", "fish");
        }

        Copy("zsh/site-functions", "_scitq", "zsh");
        return ExitCodes.Done;

        void Copy(string folder, string name, string shell)
        {
            using var file = Open(directory, folder, name);
            file.Write(CompletionScript.Read(shell));
        }
    }

    private static StreamWriter Open(string directory, string folder, string name) =>
        new(Path.Combine(Directory.CreateDirectory(Path.Combine(directory, folder)).FullName, name));
}
