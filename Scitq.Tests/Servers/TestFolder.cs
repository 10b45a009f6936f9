namespace Scitq.Tests.Servers;

/// <summary>A temporary folder that goes with the test. Short, for unix sockets live in some of them.</summary>
public sealed class TestFolder : IDisposable
{
    // Open to pass through: PostgreSQL and tasks with a uid of their own run as other accounts than the tests.
    private const UnixFileMode Passable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public string Path { get; } = Create();

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A process that is just ending may still write there; test.sh removes what is left of the run's folder.
        }
    }

    private static string Create()
    {
        var path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"st-{Guid.NewGuid():N}"[..11]);
        Directory.CreateDirectory(path, Passable);
        return path;
    }
}
