using System.Globalization;
using System.Text;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>
/// The files that the supervising shell of a run leaves in the control directory: <c>started.N</c> before it starts the command
/// and <c>exit.N</c> after its end. Each is written at once and ends with a mark, so that it is there wholly or not.
/// Creating <c>started.N</c> is exclusive: an agent that creates it first has decided that start N never happens.
/// </summary>
internal sealed record RunRecord(WorkDirectory Directory, int Start)
{
    private static ReadOnlySpan<byte> Never => "never\n"u8;

    public string StartedFile => Path.Combine(Directory.Control, $"started.{Start}");

    public string ExitFile => Path.Combine(Directory.Control, $"exit.{Start}");

    /// <summary>Is not empty when the command could not be executed.</summary>
    public string UnstartableFile => Path.Combine(Directory.Control, $"unstartable.{Start}");

    /// <summary>The record of the next start.</summary>
    public static RunRecord Next(WorkDirectory directory)
    {
        var record = new RunRecord(directory, 1);
        while (FileKinds.Of(record.StartedFile) != FileKind.Missing) record = record with { Start = record.Start + 1 };
        return record;
    }

    /// <summary>The record of the last start that happened, or null; then one that may be about to happen can't any more.</summary>
    public static RunRecord? Last(WorkDirectory directory)
    {
        // The agent before may have been killed when it had made nothing yet, or half of it.
        Make(directory.Root);
        Make(directory.Control);
        var next = Next(directory);
        if (next.Start > 1 && next with { Start = next.Start - 1 } is var last
            && (Posix.Read(last.StartedFile) is not { } content || !content.AsSpan().SequenceEqual(Never)))
            return last;
        // There wholly or not, as half a fence would look like a start.
        var fence = Path.Combine(directory.Control, $"never-{Guid.NewGuid():N}");
        try
        {
            File.WriteAllBytes(fence, Never.ToArray());
            File.Move(fence, next.StartedFile, overwrite: false);
            return null;
        }
        catch (IOException) when (FileKinds.Of(next.StartedFile) != FileKind.Missing)
        {
            // The shell was faster.
            File.Delete(fence);
            return next;
        }
    }

    /// <summary>Whatever else a task has put in its place gives way.</summary>
    private static void Make(string directory)
    {
        if (FileKinds.Of(directory) is not (FileKind.Directory or FileKind.Missing)) File.Delete(directory);
        System.IO.Directory.CreateDirectory(directory);
    }

    /// <summary>The supervising shell, the boot of the machine and the control groups; null when the record is not (yet) wholly there.</summary>
    public (int Pid, string Boot, IReadOnlyList<string> Groups)? Started()
    {
        if (Posix.Read(StartedFile) is not { } content) return null;
        var lines = Encoding.UTF8.GetString(content).Split('\n');
        if (lines.Length < 3 || lines[^2] != "." || lines[0].Split(' ') is not [var pid, var boot]) return null;
        return int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (number, boot, lines[1..^2]) : null;
    }

    /// <summary>The command's exit code, or null when none is recorded.</summary>
    public int? ExitCode() =>
        Posix.Read(ExitFile) is { Length: > 1 } content && content[^1] == '\n'
        && int.TryParse(content.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : null;

    public bool Unstartable => new FileInfo(UnstartableFile) is { Exists: true, Length: > 0 };
}
