using Scitq.Contracts;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>Finds a program as execvp does, so that one that is not there fails to start and is not mistaken for one that exits with 127.</summary>
internal static class ProgramLookup
{
    private const int Executable = 1;

    /// <summary>The file to execute.</summary>
    /// <exception cref="StartException">There is none.</exception>
    public static string Find(string program, string searchPath, string workingDirectory, string worker)
    {
        var candidates = program.Contains('/')
            ? [Path.Combine(workingDirectory, program)]
            : searchPath.Split(':').Select(directory => Path.Combine(workingDirectory, directory, program));
        string? refused = null;
        foreach (var file in candidates)
        {
            // For root, access() grants execution only if somebody may execute; other ids find out when they try.
            if (Posix.access(file, Executable) == 0 && !Directory.Exists(file)) return file;
            if (Path.Exists(file)) refused ??= file;
        }
        throw new StartException(FailureClass.Start, refused is null
            ? $"program '{program}' was not found on worker {worker}"
              + (program.StartsWith('/') ? "." : program.Contains('/')
                  ? ": commands start in an empty directory of their own ($TEMP), so give the full path, or bring the program with -i (then it is in $INPUT)."
                  : $" (PATH is {searchPath}).")
              + (program.Contains(' ') ? " The whole word, spaces included, is the program's name: give its arguments as words of their own or use sh -c." : "")
            : $"program '{program}' can't be executed on worker {worker}: {refused} is {(Directory.Exists(refused) ? "a directory" : "not executable")}.");
    }
}
