namespace Scitq.Tools;

/// <summary>The exit codes of the programs; the table for people is <see cref="Manage.ExitCodesPage"/>.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int Denied = 4;
    public const int Unreachable = 5;
    public const int WrongState = 6;
    public const int TimedOut = 124;
    public const int ScitqFailed = 125;
    public const int Interrupted = 130;
    public const int BrokenPipe = 141;
}
