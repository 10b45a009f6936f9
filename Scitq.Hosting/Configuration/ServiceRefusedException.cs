namespace Scitq.Hosting.Configuration;

/// <summary>The service may not run as it was started; the message is the line that its administrator reads.</summary>
public class ServiceRefusedException(string message, int exitCode, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The exit code of the process.</summary>
    public int Code => exitCode;
}
