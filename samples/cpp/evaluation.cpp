// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Measures what perturbing does: errors of gender classifiers and true match rates of matchers, before and after.
// The command `evaluate` does more; this shows the measures one by one.

#include <iomanip>
#include <iostream>
#include <map>
#include <set>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/filesystem.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

#include "face_table.hpp"

using namespace cv;
using namespace cv::sanprivacy;

namespace {

//! What one network answers about the originals and about the perturbed faces, one row for each face.
struct Answers
{
    Ptr<FaceNetwork> network;
    Mat original, perturbed;
};

//! [classifier]
void measureClassifier(const Answers& answers, const Mat& labels, const String& figure)
{
    Mat drawing(400, 400, CV_8UC3, Scalar::all(255));
    double threshold = 0;
    for (const bool after : { false, true })
    {
        const Mat& scores = after ? answers.perturbed : answers.original;
        Mat fpr, tpr, thresholds;
        rocCurve(scores, labels, fpr, tpr, thresholds);
        if (!after)
            threshold = equalErrorThreshold(fpr, tpr, thresholds); // the same for both
        std::cout << answers.network->getDescription().name << (after ? ", opposite: " : ", original: ") << "error "
                  << errorRate(scores, labels, threshold) << ", AUC " << areaUnderCurve(fpr, tpr) << std::endl;
        std::vector<Point> curve;
        for (int i = 0; i < fpr.rows; ++i)
            curve.emplace_back(cvRound(fpr.at<double>(i) * 399), cvRound((1 - tpr.at<double>(i)) * 399));
        polylines(drawing, curve, false, after ? Scalar(0, 0, 200) : Scalar(0, 0, 0), 2, LINE_AA);
    }
    if (!imwrite(figure, drawing))
        CV_Error(Error::StsError, "Cannot write " + figure);
}
//! [classifier]

//! [matcher]
void measureMatcher(const Answers& answers, const Mat& identities)
{
    const int distance = answers.network->getDescription().distance;
    for (const bool after : { false, true })
    {
        const Ptr<MatchEvaluation> matches =
            MatchEvaluation::create(answers.original, after ? answers.perturbed : Mat(), identities, distance);
        std::cout << answers.network->getDescription().name << (after ? ", opposite: " : ", original: ")
                  << "TMR at FMR 1 % " << matches->trueMatchRate(.01) << std::endl;
    }
}
//! [matcher]

//! Perturbs the faces and adds what each network answers, and the labels and identities of the faces that were found.
void perturbAndAsk(const std::vector<LabelledFace>& faces, std::vector<Answers>& networks, std::vector<int>& labels,
    std::vector<int>& identities)
{
    //! [answers]
    const Ptr<FaceDetector> detector = FaceDetector::create();
    const Ptr<Perturber> perturber = Perturber::create();
    std::map<String, int> numbers; // of people
    for (const LabelledFace& face : faces)
    {
        const Mat image = imread(face.file);
        Mat found, perturbed;
        if (!image.empty())
            detector->detect(image, found);
        if (found.empty())
        {
            std::cerr << face.file << ": no face found, or no image" << std::endl;
            continue;
        }
        const Mat largest = largestFace(found);
        perturber->perturbFaces(image, largest, perturbed, PerturbParams(PROTOTYPE_OPPOSITE, face.label));
        for (Answers& answers : networks)
        {
            std::vector<Mat> crops(2);
            answers.network->crop(image, largest, crops[0]);
            answers.network->crop(perturbed, largest, crops[1]);
            Mat rows;
            answers.network->forward(crops, rows);
            answers.original.push_back(rows.row(0));
            answers.perturbed.push_back(rows.row(1));
        }
        labels.push_back(face.label);
        identities.push_back(numbers.insert({ face.identity, (int)numbers.size() }).first->second);
    }
    //! [answers]
}

} // namespace

int main(int argc, char** argv)
{
    CommandLineParser parser(argc, argv,
        "{ help h    |         | print this message }"
        "{ @folder   |         | folder with the images that the table names }"
        "{ @table    |         | CSV with the columns file and gender; with identity, matchers are measured too }"
        "{ @models   |         | model description file of classifiers and matchers }"
        "{ output o  | figures | folder for the ROC curves (original black, opposite red); it must not be there }"
        "{ limit     | 200     | number of faces, from the first line of the table }");
    parser.about("Measures what perturbing does to gender classifiers and matchers.");
    const String folder = parser.get<String>("@folder"), table = parser.get<String>("@table"),
                 models = parser.get<String>("@models");
    const String output = parser.get<String>("output");
    const int limit = parser.get<int>("limit");
    if (parser.has("help") || models.empty() || limit < 1 || !parser.check())
    {
        parser.printMessage();
        parser.printErrors();
        return parser.has("help") ? 0 : 2;
    }
    if (utils::fs::exists(output))
    {
        std::cerr << output << " is there already" << std::endl;
        return 1;
    }
    try
    {
        std::vector<LabelledFace> faces = readFaceTable(table, "gender", folder);
        faces.resize(std::min(faces.size(), (size_t)limit));
        std::vector<ModelDescription> descriptions;
        readModelDescriptions(models, descriptions);
        std::vector<Answers> networks;
        for (const ModelDescription& description : descriptions)
            networks.push_back({ FaceNetwork::create(description), Mat(), Mat() });
        std::vector<int> labels, identities;
        perturbAndAsk(faces, networks, labels, identities);
        if (std::set<int>(labels.begin(), labels.end()).size() < 2)
            CV_Error(Error::StsError, "Expected faces of both genders in " + table + "; --limit takes more");
        if (!utils::fs::createDirectories(output))
            CV_Error(Error::StsError, "Cannot make the folder " + output);
        std::cout << labels.size() << " face(s)" << std::endl << std::fixed << std::setprecision(3);
        for (const Answers& answers : networks)
        {
            const ModelDescription description = answers.network->getDescription();
            if (description.task == NETWORK_CLASSIFIER)
                measureClassifier(answers, Mat(labels), utils::fs::join(output, "roc-" + description.name + ".png"));
            else if (std::set<int>(identities.begin(), identities.end()).size() > 1)
                measureMatcher(answers, Mat(identities));
        }
    }
    catch (const cv::Exception& e) // what cannot be read, labels of one kind only
    {
        std::cerr << e.err << std::endl;
        return 1;
    }
    return 0;
}
